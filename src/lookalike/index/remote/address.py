"""Where a server is: its URL taken apart, and shown again without its secrets."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from lookalike.errors import UnknownNameError, UsageError

POSTGRES, MILVUS = "postgresql", "milvus"
_SCHEMES = {POSTGRES: POSTGRES, "postgres": POSTGRES, MILVUS: MILVUS}
_SECRET = re.compile(r"pass|secret|token|key", re.IGNORECASE)
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,47}")
_PREFIX = "lookalike_"


@dataclass(frozen=True, slots=True)
class Address:
    """A URL: `scheme://user:password@host:port/database?option=value#name`.

    `name` is the table or collection, "" for the one that is named after the space.
    """

    scheme: str
    host: str
    port: int | None
    user: str
    database: str
    name: str
    password: str = field(repr=False)
    options: Mapping[str, str] = field(repr=False)

    @property
    def shown(self) -> str:
        """The URL without password and options: what may be printed."""
        user = f"{self.user}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port else ""
        name = f"#{self.name}" if self.name else ""
        return f"{self.scheme}://{user}{host}{port}/{self.database}{name}"

    def table(self, space: str) -> str:
        """The table or collection of a space: letters, digits and _, at most 48 of them."""
        return self.name or (_PREFIX + plain_name(space, 48 - len(_PREFIX)))


def parse_address(url: str) -> Address:
    """Take a URL apart. Raises `UsageError`, whose message never repeats the URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
        query = parts.query
        options = dict(parse_qsl(query, strict_parsing=True)) if query else {}
    except ValueError:
        raise UsageError(
            "The URL of the server cannot be read. Write it as "
            "postgresql://user@host:5432/database or milvus://host:19530/database; a password "
            "with / ? # @ : in it has to be percent-encoded."
        ) from None
    if parts.scheme not in _SCHEMES:
        known = {f"{name}://" for name in _SCHEMES.values()}
        raise UnknownNameError("kind of server", f"{parts.scheme}://", known)
    if parts.fragment and not _NAME.fullmatch(parts.fragment):
        raise UsageError(
            f"The name of a table, {parts.fragment[:60]!r}, is at most 48 small letters, "
            "digits and _, and begins with no digit."
        )
    return Address(
        scheme=_SCHEMES[parts.scheme],
        host=unquote(parts.hostname or ""),
        port=port,
        user=unquote(parts.username or ""),
        database=unquote(parts.path.lstrip("/")),
        name=parts.fragment,
        password=unquote(parts.password or ""),
        options=options,
    )


def without_secrets(text: str, address: Address) -> str:
    """What a server or its driver said, without anything that is secret in the address."""
    secrets = [address.password]
    secrets += [value for name, value in address.options.items() if _SECRET.search(name)]
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    return text


def plain_name(text: str, length: int) -> str:
    """A text as a name that any server takes: small letters, digits and _.

    What is lost is made up for by a part of its hash, so that different texts stay apart.
    """
    plain = re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")
    if plain and plain == text and len(plain) <= length:
        return plain
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain[: length - 9]}_{digest}"
