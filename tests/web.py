"""A web server for tests, on loopback addresses; it counts who connects, and answers as told."""

import asyncio
import contextlib
import ssl
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

GONE = (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError)


@dataclass(frozen=True)
class Request:
    """What was asked for; `host` is the Host header without its port."""

    path: str
    host: str
    headers: Mapping[str, str]


Handler = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


def answer(
    body: bytes = b"",
    status: int = 200,
    *,
    length: int | None = None,
    **headers: str,
) -> bytes:
    """The bytes of an HTTP answer; `length` is a Content-Length that may lie."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body) if length is None else length}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def redirect(place: str, status: int = 302) -> bytes:
    return answer(status=status, Location=place)


@dataclass
class Web:
    """Serves in a thread of its own while the `with` block lasts."""

    handler: Handler
    addresses: tuple[str, ...] = ("127.0.0.1",)
    port: int = 0
    tls: ssl.SSLContext | None = None
    connections: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    hosts: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    times: dict[str, list[float]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._servers: list[asyncio.Server] = []
        self._writers: set[asyncio.StreamWriter] = set()
        for address in self.addresses:
            server = self._loop.run_until_complete(
                asyncio.start_server(self._serve, address, self.port, ssl=self.tls, backlog=512)
            )
            self.port = server.sockets[0].getsockname()[1]
            self._servers.append(server)
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        for server in self._servers:
            server.close()
        for writer in self._writers:
            writer.transport.abort()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        with contextlib.suppress(
            ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError
        ):
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                first, *lines = head.splitlines()
                parts = (line.partition(":") for line in lines if line)
                headers = {name.lower(): value.strip() for name, _, value in parts}
                host = headers.get("host", "").rpartition(":")[0]
                request = Request(first.split(" ")[1], host, headers)
                self._count(request)
                try:
                    await self.handler(request, writer)
                    await writer.drain()
                finally:
                    self.hosts[host] -= 1
        self._writers.discard(writer)
        writer.close()

    def _count(self, request: Request) -> None:
        self.asked[request.path] += 1
        self.hosts[request.host] += 1
        self.most[request.host] = max(self.most[request.host], self.hosts[request.host])
        self.times.setdefault(request.host, []).append(self._loop.time())
