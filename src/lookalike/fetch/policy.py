"""What a download may cost and where it may lead; which URLs are taken at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

from yarl import URL

from lookalike.errors import FetchError
from lookalike.types import readable

MAX_URL = 8000
PLAIN = re.compile(r"[!-~]+")
HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?|[0-9a-f:.]*:[0-9a-f:.]*")
WEB_PORTS = frozenset({80, 443})
FIRST_FREE_PORT = 1024


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """The limits of one download.

    `size` is the most bytes of an answer, `seconds` the most time for all of it (names,
    redirects, body), `redirects` how many are followed. A host named in `allow_hosts` may have
    any address and port; `allow_private` allows that to every host.
    """

    size: int = 20 * 10**6
    seconds: float = 15.0
    redirects: int = 3
    allow_hosts: frozenset[str] = frozenset()
    allow_private: bool = False
    user_agent: str = ""

    def __post_init__(self) -> None:
        hosts = frozenset(host.strip().lower() for host in self.allow_hosts)
        object.__setattr__(self, "allow_hosts", hosts)

    def trusts(self, host: str) -> bool:
        """Whether the user vouches for this host, wherever it is."""
        return self.allow_private or host in self.allow_hosts

    @property
    def agent(self) -> str:
        """The User-Agent that is sent."""
        return self.user_agent or honest_agent()


@cache
def honest_agent() -> str:
    """Who asks, when nobody chose another name."""
    return f"lookalike/{version('lookalike')} (image search; respects robots.txt)"


def checked_url(text: str, policy: FetchPolicy, base: URL | None = None) -> URL:
    """`text` as a URL that may be asked; what needs no quoting stays as it is, byte for byte.

    `base` is where a redirect came from. Raises `FetchError` (bad-url, forbidden).
    """
    text = text.strip()
    shown = readable(text[:200])
    if len(text) > MAX_URL:
        raise FetchError("bad-url", f"{len(text):,} characters")
    try:
        url = URL(text, encoded=PLAIN.fullmatch(text) is not None)
        if base is not None:
            url = base.join(url)
        host, port = (url.raw_host or "").lower(), url.port
        if url.raw_host != host:
            url = url.with_host(host)
    except ValueError as error:
        why = "it cannot be read" if "@" in text else error  # which may repeat a password
        raise FetchError("bad-url", f"{shown!r}: {why}") from error
    if url.scheme not in {"http", "https"}:
        raise FetchError("bad-url", f"{shown!r} is not http or https")
    if url.raw_user is not None or url.raw_password is not None:
        raise FetchError("bad-url", "it holds a user name or a password")
    if not HOST.fullmatch(host) or port is None:
        raise FetchError("bad-url", f"{shown!r} names no host")
    if port not in WEB_PORTS and port < FIRST_FREE_PORT and not policy.trusts(host):
        detail = f"port {port} is not one of the web; --allow-host {host} permits it"
        raise FetchError("forbidden", detail)
    return url
