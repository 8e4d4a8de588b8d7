"""API keys: what each may do, and whether one that is shown is among them."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

from lookalike.errors import UsageError

SHORTEST = 16


@dataclass(frozen=True, slots=True)
class ApiKey:
    """The digest of a secret, and whether who shows the secret may write."""

    digest: bytes = field(repr=False)
    writes: bool

    @property
    def name(self) -> str:
        """What tells it from others in counts, and does not give it away."""
        return self.digest.hex()[:8]


def parse_key(text: str) -> ApiKey:
    """`read:SECRET`, `write:SECRET`, or a secret alone, which may do both.

    Raises `UsageError` for a secret that is short or could not be sent in a header.
    """
    scope, colon, secret = text.partition(":")
    if not colon or scope not in {"read", "write"}:
        scope, secret = "write", text
    if len(secret) < SHORTEST or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise UsageError(
            f"An API key is at least {SHORTEST} letters, digits or signs, without spaces. Make "
            "one with: python -c 'import secrets; print(secrets.token_urlsafe())'"
        )
    return ApiKey(sha256(secret.encode()).digest(), scope == "write")


def find_key(keys: Iterable[ApiKey], shown: str) -> ApiKey | None:
    """The key of that secret; it takes the same time whichever it is, and where it is none."""
    digest = sha256(shown.encode("utf-8", "replace")).digest()
    found = None
    for key in keys:
        if hmac.compare_digest(key.digest, digest):
            found = key
    return found
