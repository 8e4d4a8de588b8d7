"""What stands before every route: host, origin, key, rate, size and time of the body; headers."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lookalike.api.keys import ApiKey, find_key
from lookalike.api.metrics import Metrics
from lookalike.api.problems import problem
from lookalike.api.rates import Rates
from lookalike.api.settings import ServeSettings

READS = frozenset({"GET", "HEAD", "OPTIONS"})
ASKING = frozenset({"/v1/search", "/v1/search/image", "/v1/embeddings", "/v1/duplicates/plan"})
"""Routes that are posted to and change nothing."""
OPEN = frozenset({"/", "/healthz", "/readyz"})
OPEN_BELOW = "/assets/"
"""The page itself is for anybody: it holds nothing of the library."""
COOKIE = "lookalike-key"
UNWANTED = 8 * 2**20
"""Bytes of a body that is read for nothing, at most, and in so many seconds."""
PATIENCE = 2.0
VALUES = 200_000
"""Values in JSON: reading half a million holds everybody up for a second."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Lets a request through to `app`, or answers it with a problem; counts either."""

    def __init__(self, app: ASGIApp, settings: ServeSettings, metrics: Metrics) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics
        self._rates = Rates(settings.rate)
        self._names = {"localhost", settings.host.lower(), *map(str.lower, settings.names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection of ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        headers = Headers(scope=scope)
        try:
            refusal = self._refusal(scope, headers)
            if refusal is not None:
                await _taken_in(headers, receive)
                await refusal(scope, receive, dressed)
            else:
                await self._app(scope, self._bounded(headers, receive), dressed)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if scope["method"].isalpha() else "none"
            self._metrics.requests.labels(method[:10], route, str(status)).inc()
            self._metrics.seconds.labels(route).observe(time.perf_counter() - began)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """Why a request is not even looked at."""
        host = headers.get("host", "")
        if not self._serves(host):
            return problem(
                400, "This service does not go by that Host. --host-name permits further names."
            )
        path, reading = scope["path"], scope["method"] in READS
        if not reading and _foreign(headers, host):
            return problem(403, "A page of another origin may not ask for this.")
        key, is_open = None, path in OPEN or path.startswith(OPEN_BELOW)
        if self._settings.keys and not is_open:
            key = find_key(self._settings.keys, _shown_key(headers))
            if key is None:
                detail = "Send a key that this service knows, as: Authorization: Bearer KEY"
                return problem(401, detail, {"WWW-Authenticate": "Bearer"})
            if not (reading or key.writes or path in ASKING):
                return problem(403, "This key may read and not write.")
        wait = 0.0 if is_open else self._rates.wait(_who(key, scope))
        if wait:
            detail = f"More than {self._settings.rate} requests a minute."
            return problem(429, detail, {"Retry-After": str(int(wait) + 1)})
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._settings.body:
            return _too_large(self._settings.body)
        return None

    def _serves(self, host: str) -> bool:
        """Whether a Host is an address or a known name: a page cannot rebind its own to us."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name in self._names:
            return True
        try:
            ip_address(name)
        except ValueError:
            return False
        return True

    def _bounded(self, headers: Headers, receive: Receive) -> Receive:
        """The same body, until it is too large or takes too long."""
        read, values, until = 0, 0, time.monotonic() + self._settings.seconds
        whole, is_form = False, headers.get("content-type", "").lower().startswith("multipart/")

        async def bounded() -> Message:
            nonlocal read, values, whole
            if whole:
                return await receive()
            try:
                async with asyncio.timeout(max(0.0, until - time.monotonic())):
                    message = await receive()
            except TimeoutError:
                detail = f"The body did not arrive within {self._settings.seconds:g} s."
                raise HTTPException(408, detail) from None
            read += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if read > self._settings.body:
                raise HTTPException(413, f"A request has at most {self._settings.body:,} bytes.")
            values += 0 if is_form else message.get("body", b"").count(b",")
            if values > VALUES:
                raise HTTPException(413, f"JSON has at most {VALUES:,} values here.")
            return message

        return bounded


async def _taken_in(headers: Headers, receive: Receive) -> None:
    """Read a body that is not wanted: a client that is hung up on while it sends sees no answer."""
    length = headers.get("content-length", "0")
    if not length.isdecimal() or not 0 < int(length) <= UNWANTED:
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while (await receive()).get("more_body", False):
                pass


def _too_large(most: int) -> Response:
    return problem(413, f"A request has at most {most:,} bytes.", {"Connection": "close"})


def _foreign(headers: Headers, host: str) -> bool:
    """Whether a browser says that a page from elsewhere asks."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return True
    origin = headers.get("origin")
    return origin is not None and origin not in {f"http://{host}", f"https://{host}"}


def _shown_key(headers: Headers) -> str:
    """The key in a header, or in the cookie that the page keeps it in: pictures send no headers."""
    kind, _, secret = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return secret.strip()
    cookie = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
    return headers.get("x-api-key") or unquote(cookie)


def _who(key: ApiKey | None, scope: Scope) -> str:
    return key.name if key is not None else str((scope.get("client") or ("",))[0])
