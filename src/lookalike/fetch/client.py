"""The one way to the web: public addresses only, checked where the socket is made."""

from __future__ import annotations

import asyncio
import math
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

import aiohttp
from yarl import URL

from lookalike.errors import FetchError
from lookalike.fetch.addresses import why_not_public
from lookalike.fetch.body import CHUNK, NOBODY, Watch, must_be_image, read_body
from lookalike.fetch.names import KEEP_SECONDS, CheckedNames, Lookup, system_lookup
from lookalike.fetch.policy import FetchPolicy, checked_url

REDIRECTS = frozenset({301, 302, 303, 307, 308})
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
"""Answers that may be others a little later."""
IDLE_SECONDS = 10.0
LAST = {"Connection": "close"}
IMAGES = Watch(start=must_be_image)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back in the end; `url` is where, after redirects. Header names ignore case."""

    url: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class SafeClient:
    """Asks for URLs, any number at once, but `per_host` (0: any); use it in one event loop.

    No cookies, no proxy from the environment, no redirect that is not checked like a first
    URL. A host the policy does not vouch for is connected to only at an address that
    `why_not_public` has nothing against, at the moment the socket is made: aiohttp hands the
    resolved address over, so there is no second lookup in between.
    """

    def __init__(
        self,
        policy: FetchPolicy,
        *,
        lookup: Lookup = system_lookup,
        keep: float = KEEP_SECONDS,
        per_host: int = 0,
    ) -> None:
        self.policy = policy
        strict, trusting = (CheckedNames(lookup, trusted=t, keep=keep) for t in (False, True))
        self._strict = _session(strict, _public_socket, per_host)
        self._trusting = _session(trusting, _any_socket, per_host)

    async def get(
        self, url: str, *, watch: Watch = NOBODY, size: int | None = None, last: bool = False
    ) -> Answer:
        """The answer to a GET, of whatever status; its body is read when the status is 200.

        With `last`, the connection is not kept for further requests.

        Raises `FetchError`: bad-url, forbidden, dns, connection, tls, timeout, protocol,
        redirects, too-large, truncated, and what `watch` raises.
        """
        policy = self.policy
        limit = policy.size if size is None else size
        try:
            async with asyncio.timeout(policy.seconds):
                return await self._follow(
                    checked_url(url, policy), watch, limit, LAST if last else {}
                )
        except TimeoutError as error:
            detail = f"more than {policy.seconds:g} s"
            raise FetchError("timeout", detail, transient=True) from error

    async def image(self, url: str, watch: Watch = IMAGES, *, last: bool = False) -> Answer:
        """The answer, if it is one with an image. Raises as `get`, and `FetchError` (http)."""
        answer = await self.get(url, watch=watch, last=last)
        if answer.status != 200:
            raise FetchError(
                "http",
                f"the server answered {answer.status}",
                code=answer.status,
                transient=answer.status in PASSING,
                retry_after=retry_after(answer.headers.get("Retry-After", "")),
            )
        return answer

    async def close(self) -> None:
        """Let go of all connections."""
        await self._strict.close()
        await self._trusting.close()

    async def __aenter__(self) -> SafeClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _follow(
        self, url: URL, watch: Watch, limit: int, headers: Mapping[str, str]
    ) -> Answer:
        for _ in range(self.policy.redirects + 1):
            try:
                answer = await self._ask(url, watch, limit, headers)
            except (aiohttp.ClientError, OSError, ValueError) as error:
                _refuse(error)
            if answer.status not in REDIRECTS:
                return answer
            target = answer.headers.get("Location")
            if target is None:
                raise FetchError("protocol", "a redirect that names no place", code=answer.status)
            url = checked_url(target, self.policy, base=url)
        raise FetchError("redirects", f"more than {self.policy.redirects}")

    async def _ask(self, url: URL, watch: Watch, limit: int, more: Mapping[str, str]) -> Answer:
        session = self._trusting if self.policy.trusts(url.raw_host or "") else self._strict
        headers = {"User-Agent": self.policy.agent, "Accept": "image/*,*/*;q=0.5", **more}
        async with session.get(url, headers=headers, allow_redirects=False) as response:
            body = b""
            if response.status == 200:
                if (response.content_length or 0) > limit:
                    detail = f"{response.content_length:,} bytes announced"
                    raise FetchError("too-large", detail, code=200)
                if watch.headers is not None:
                    watch.headers(response.headers)
                body = await read_body(
                    response.content.iter_chunked(CHUNK),
                    response.headers.get("Content-Encoding", ""),
                    response.content_length or 0,
                    limit,
                    watch,
                )
            else:
                response.close()
            return Answer(str(url), response.status, response.headers, body)


def retry_after(value: str) -> float | None:
    """Seconds to wait, from a Retry-After header: a number of them, or a date."""
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError, TypeError):
            return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _session(names: CheckedNames, make_socket: Any, per_host: int) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        resolver=names,
        use_dns_cache=False,
        socket_factory=make_socket,
        limit=0,
        limit_per_host=per_host,
        keepalive_timeout=IDLE_SECONDS,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        auto_decompress=False,
        requote_redirect_url=False,
        trust_env=False,
        headers={"Accept-Encoding": "identity"},
    )


def _public_socket(where: Any) -> socket.socket:
    """A socket for an address that is public. Raises `FetchError` (forbidden)."""
    address = str(where[4][0])
    why = why_not_public(address)
    if why is not None:
        detail = f"{address} is {why}; --allow-host {address} permits it"
        raise FetchError("forbidden", detail)
    return _any_socket(where)


def _any_socket(where: Any) -> socket.socket:
    family, kind, protocol = where[:3]
    return socket.socket(family, kind, protocol)


def _refuse(error: Exception) -> NoReturn:
    """Raise the reason for what aiohttp or the system said."""
    detail = " ".join(str(error).split())[:200] or type(error).__name__
    match error:
        case aiohttp.ClientSSLError() | ssl.SSLError():
            raise FetchError("tls", detail) from error
        case aiohttp.InvalidURL():
            raise FetchError("bad-url", detail) from error
        case aiohttp.ClientPayloadError():
            raise FetchError("truncated", detail, transient=True) from error
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError() | OSError():
            raise FetchError("connection", detail, transient=True) from error
        case _:
            raise FetchError("protocol", detail) from error
