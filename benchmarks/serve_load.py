"""The load on a service, from a process of its own: so many connections, each asks again at once.

    python -m benchmarks.serve_load HOST PORT REQUESTS CONNECTIONS SECONDS

REQUESTS is a file of `pack`. Prints JSON: statuses, latencies, and the CPU that it took itself.
Plain sockets under asyncio, requests made beforehand, answers read no further than needed: about
a tenth of the CPU that a request takes in the service.
"""

from __future__ import annotations

import asyncio
import gc
import json
import struct
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

WARM_SECONDS = 2.0


def post(path: str, kind: str, body: bytes) -> bytes:
    """A request as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def pack(path: Path, requests: Iterable[bytes]) -> Path:
    """Requests in a file: the length of each before it."""
    path.write_bytes(b"".join(struct.pack("<I", len(one)) + one for one in requests))
    return path


def unpack(path: Path) -> list[bytes]:
    """The requests of such a file."""
    data, place, found = path.read_bytes(), 0, []
    while place < len(data):
        (length,) = struct.unpack_from("<I", data, place)
        found.append(data[place + 4 : place + 4 + length])
        place += 4 + length
    return found


class Load:
    """What all connections share: the requests, in turns, and what came of them."""

    def __init__(self, requests: Sequence[bytes], begin: float, end: float) -> None:
        self._requests, self._next = requests, 0
        self.begin, self.end = begin, end
        self.answers = 0
        self.statuses: Counter[str] = Counter()
        self.latencies: list[float] = []
        self.odd: str = ""

    def request(self) -> bytes:
        """The next one."""
        self._next += 1
        return self._requests[self._next % len(self._requests)]

    def heard(self, status: str, seconds: float, now: float, answer: bytes) -> None:
        """Count an answer; those of the first seconds are no part of the figures."""
        self.answers += 1
        if not self.begin <= now < self.end:
            return
        self.statuses[status] += 1
        if status == "200":
            self.latencies.append(seconds)
        elif not self.odd and status not in {"429", "503"}:
            self.odd = answer[:500].decode("latin-1")


class Connection(asyncio.Protocol):
    """One client: asks, waits for the answer, asks again; connects again when it is dropped."""

    def __init__(self, load: Load, done: asyncio.Future[None]) -> None:
        self._load, self._done = load, done
        self._answer = bytearray()
        self._length: int | None = None
        self._asked = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask the first question."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Ask the next question once an answer is whole."""
        self._answer += data
        if self._length is None:
            end = self._answer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._answer[:end]).lower()
            start = head.index(b"content-length:") + 15
            self._length = end + 4 + int(head[start:].split(b"\r\n", 1)[0])
        if len(self._answer) < self._length:
            return
        now = time.perf_counter()
        status = self._answer[9:12].decode()
        self._load.heard(status, now - self._asked, now, bytes(self._answer))
        if now >= self._load.end:
            self._finish()
        elif status == "200":
            self._ask()
        else:  # who was refused asks again in a while
            asyncio.get_running_loop().call_later(0.1, self._ask)

    def connection_lost(self, error: Exception | None) -> None:
        """Count what was under way as lost."""
        if not self._done.done():
            now = time.perf_counter()
            self._load.heard("lost", 0.0, now, repr(error).encode())
            self._finish()

    def _ask(self) -> None:
        if self._transport.is_closing():
            return
        self._answer.clear()
        self._length = None
        self._asked = time.perf_counter()
        self._transport.write(self._load.request())

    def _finish(self) -> None:
        if not self._done.done():
            self._done.set_result(None)
        self._transport.close()


async def _client(host: str, port: int, load: Load) -> None:
    loop = asyncio.get_running_loop()
    while time.perf_counter() < load.end:
        done: asyncio.Future[None] = loop.create_future()
        try:
            await loop.create_connection(lambda done=done: Connection(load, done), host, port)  # type: ignore[misc]
        except OSError:
            load.heard("unreachable", 0.0, time.perf_counter(), b"")
            await asyncio.sleep(0.1)
            continue
        await done


async def _run(
    host: str, port: int, requests: Sequence[bytes], connections: int, seconds: float
) -> dict[str, Any]:
    began = time.perf_counter()
    load = Load(requests, began + WARM_SECONDS, began + WARM_SECONDS + seconds)
    before = time.process_time()
    await asyncio.gather(*(_client(host, port, load) for _ in range(connections)))
    used = time.process_time() - before
    fast, slow, slowest = (
        np.quantile(load.latencies, [0.5, 0.99, 1.0]).tolist() if load.latencies else [0.0] * 3
    )
    return {
        "answers": load.answers,
        "rate": len(load.latencies) / seconds,
        "p50": fast,
        "p99": slow,
        "slowest": slowest,
        "statuses": dict(load.statuses),
        "odd": load.odd,
        "own_cores": used / (seconds + WARM_SECONDS),
    }


def main(host: str, port: str, requests: str, connections: str, seconds: str) -> None:
    """One load."""
    gc.disable()
    packed = unpack(Path(requests))
    print(json.dumps(asyncio.run(_run(host, int(port), packed, int(connections), float(seconds)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
