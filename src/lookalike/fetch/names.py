"""Host names to addresses: looked up once in a while, and refused unless all are public."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult

from lookalike.errors import FetchError
from lookalike.fetch.addresses import why_not_public

Lookup: TypeAlias = Callable[[str], Sequence[str]]
"""A host name to its addresses; raises `OSError`. It may block."""

KEEP_SECONDS = 300.0
KEPT_NAMES = 50_000
AT_ONCE = 64
PASSING = frozenset({socket.EAI_AGAIN})


def system_lookup(host: str) -> list[str]:
    """The addresses that the system's own resolver gives."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class CheckedNames(AbstractResolver):
    """A resolver for aiohttp that hands out public addresses, or with `trusted` any.

    A name with one public address and one that is not is refused: no honest site has that.
    Answers are kept for `keep` seconds. A lookup runs in a thread that nobody waits for
    at the end, so that a silent name server cannot hold up anything.
    """

    def __init__(
        self, lookup: Lookup = system_lookup, *, trusted: bool = False, keep: float = KEEP_SECONDS
    ) -> None:
        self._lookup = lookup
        self._trusted = trusted
        self._keep = keep
        self._kept: OrderedDict[str, tuple[float, list[str]]] = OrderedDict()
        self._asked: dict[str, asyncio.Task[list[str]]] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name. Raises `FetchError` (forbidden, dns)."""
        addresses = await self._addresses(host)
        for address in addresses:
            why = None if self._trusted else why_not_public(address)
            if why is not None:
                detail = f"{host} is {address}, {why}; --allow-host {host} permits it"
                raise FetchError("forbidden", detail)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
            if family in (socket.AF_UNSPEC, socket.AF_INET6 if ":" in address else socket.AF_INET)
        ]

    async def close(self) -> None:
        """Forget what is under way."""
        for task in self._asked.values():
            task.cancel()

    async def _addresses(self, host: str) -> list[str]:
        kept = self._kept.get(host)
        if kept is not None and time.monotonic() - kept[0] < self._keep:
            return kept[1]
        if host not in self._asked:
            self._asked[host] = asyncio.ensure_future(self._ask(host))
        return await asyncio.shield(self._asked[host])

    async def _ask(self, host: str) -> list[str]:
        try:
            async with self._room:
                addresses = await _in_thread(self._lookup, host)
        finally:
            self._asked.pop(host, None)
        self._kept[host] = (time.monotonic(), addresses)
        self._kept.move_to_end(host)
        if len(self._kept) > KEPT_NAMES:
            self._kept.popitem(last=False)
        return addresses


async def _in_thread(lookup: Lookup, host: str) -> list[str]:
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def settle(addresses: list[str], error: Exception | None) -> None:
        if not answer.done():
            answer.set_result(addresses) if error is None else answer.set_exception(error)

    def ask() -> None:
        addresses: list[str] = []
        error: Exception | None = None
        try:
            addresses = list(lookup(host))
            if not addresses:
                error = FetchError("dns", f"{host} has no address")
        except socket.gaierror as failure:
            transient = failure.errno in PASSING
            error = FetchError("dns", f"{host}: {failure.strerror}", transient=transient)
        except (OSError, UnicodeError) as failure:
            error = FetchError("dns", f"{host}: {failure}")
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, addresses, error)

    threading.Thread(target=ask, daemon=True, name="name lookup").start()
    return await answer
