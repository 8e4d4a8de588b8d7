"""A web server that misbehaves to measure: a known part of its URLs is slow, gone, cut, silent.

python -m benchmarks.fetch_server PHOTOS HOSTS PORT; it prints a line when it is ready.
`/stats` tells what it saw: requests, and the most at once and a second at any host.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sys
import time
from collections import Counter
from pathlib import Path

SHARES = (
    ("slow", 0.10),
    ("gone", 0.05),
    ("broken", 0.03),
    ("busy", 0.02),
    ("cut", 0.01),
    ("page", 0.01),
    ("hang", 0.005),
)
SETTLED = frozenset({"good", "slow", "gone", "page"})
"""One answer settles these."""
SLOW_SECONDS = 2.0
HANG_SECONDS = 120.0
RETRY_AFTER = 1


def behaviour(number: int) -> str:
    """How URL `number` answers: the same every time it is asked for in a run."""
    chance = random.Random(number).random()
    for name, share in SHARES:
        if chance < share:
            return name
        chance -= share
    return "good"


class Server:
    """Counts what it is asked, and by which host."""

    def __init__(self, photos: list[bytes]) -> None:
        self.photos = photos
        self.asked: Counter[int] = Counter()
        self.active: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.seconds: Counter[tuple[str, int]] = Counter()
        self.robots = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                path = head.split(" ", 2)[1]
                host = str(writer.get_extra_info("sockname")[0])
                self.active[host] += 1
                self.most[host] = max(self.most[host], self.active[host])
                self.seconds[host, int(time.monotonic())] += 1
                try:
                    await self.answer(path, reader, writer)
                    await writer.drain()
                finally:
                    self.active[host] -= 1
                if "connection: close" in head.lower():
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def answer(
        self, path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if path == "/stats":
            body = json.dumps(self.stats()).encode()
            writer.write(_head(200, len(body)) + body)
            return
        if path == "/robots.txt":
            self.robots += 1
            writer.write(_head(404, 0))
            return
        number = int(path.strip("/").removesuffix(".jpg"))
        self.asked[number] += 1
        again = self.asked[number] > 1
        body = self.photos[number % len(self.photos)] + number.to_bytes(8, "big")
        match behaviour(number):
            case "slow":
                await _wait(reader, SLOW_SECONDS)
            case "gone":
                writer.write(_head(404, 0))
                return
            case "broken" if not again:
                writer.write(_head(500, 0))
                return
            case "busy" if not again:
                writer.write(_head(429, 0, f"Retry-After: {RETRY_AFTER}\r\n"))
                return
            case "cut":
                writer.write(_head(200, len(body)) + body[: len(body) // 2])
                await writer.drain()
                writer.close()
                return
            case "page":
                text = b"<!doctype html><html><body>not here</body></html>"
                writer.write(_head(200, len(text)) + text)
                return
            case "hang":
                await _wait(reader, HANG_SECONDS)
                return
            case _:
                pass
        writer.write(_head(200, len(body)) + body)

    def stats(self) -> dict[str, int]:
        return {
            "requests": sum(self.asked.values()),
            "urls": len(self.asked),
            "again_for_nothing": sum(
                times - 1 for number, times in self.asked.items() if behaviour(number) in SETTLED
            ),
            "robots": self.robots,
            "most_at_once": max(self.most.values(), default=0),
            "most_a_second": max(self.seconds.values(), default=0),
        }


async def _wait(reader: asyncio.StreamReader, seconds: float) -> None:
    """Wait, but no longer than whoever asked. Raises `ConnectionError` when they are gone."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(reader.read(1), seconds)
        raise ConnectionError("they hung up")


def _head(status: int, length: int, more: str = "") -> bytes:
    return f"HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{more}\r\n".encode()


async def main() -> None:
    folder, hosts, port = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    photos = [path.read_bytes() for path in sorted(folder.rglob("*.jpg"))[:500]]
    server = Server(photos)
    for number in range(1, hosts + 1):
        await asyncio.start_server(server.serve, f"127.0.0.{number}", port, backlog=4096)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
