"""Images fetched in a thread of their own, ahead of whoever works on them."""

from __future__ import annotations

import asyncio
import io
import tempfile
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import IO, Any, TypeVar
from weakref import WeakValueDictionary

from lookalike.errors import FetchError
from lookalike.fetch.body import LARGE, Watch, must_be_image
from lookalike.fetch.client import SafeClient
from lookalike.fetch.pace import Pace
from lookalike.fetch.policy import FetchPolicy, checked_url
from lookalike.fetch.robots import Robots
from lookalike.fetch.room import Room

Done = TypeVar("Done")


class Arrival:
    """The bytes of one image, on disk while they wait if they are many."""

    def __init__(self, data: bytes) -> None:
        self._file: IO[bytes] = (
            tempfile.TemporaryFile() if len(data) > LARGE else io.BytesIO()  # noqa: SIM115
        )
        self._file.write(data)

    def read(self) -> bytes:
        """All bytes; they can be had once."""
        with self._file as file:
            file.seek(0)
            return file.read()


class Ahead:
    """Fetches any number of URLs, as many at once as a `Pace` allows; close it when done."""

    def __init__(self, policy: FetchPolicy) -> None:
        self._policy = policy
        self._pace = Pace()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="fetch")
        self._thread.start()
        self._do(self._open()).result()

    def submit(self, url: str) -> Future[Arrival]:
        """Fetch one image; the future raises `FetchError` when it cannot be had."""
        return self._do(self._fetch(url))

    def close(self) -> None:
        """Drop what is under way."""
        self._do(self._end()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, Done]) -> Future[Done]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _open(self) -> None:
        self._room = Room()
        self._all = asyncio.Semaphore(self._pace.at_once)
        self._hosts: WeakValueDictionary[str, _Host] = WeakValueDictionary()
        self._client = SafeClient(self._policy)
        self._robots = Robots(self._client)

    async def _end(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.close()

    async def _fetch(self, url: str) -> Arrival:
        name = checked_url(url, self._policy).raw_host or ""
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = _Host(self._pace)
        tries = 1
        while True:
            try:
                async with host.connections, self._all:
                    await host.turn()
                    return await self._once(url, host)
            except FetchError as error:
                wait = self._pace.wait(error, tries)
                if wait is None:
                    raise
                host.pause(error.retry_after or 0.0)
            tries += 1
            await asyncio.sleep(wait)

    async def _once(self, url: str, host: _Host) -> Arrival:
        if self._pace.robots:
            host.pause(await self._robots.check(checked_url(url, self._policy)))
        async with self._room.claim() as claim:
            watch = Watch(
                headers=self._robots.check_headers if self._pace.robots else None,
                start=must_be_image,
                large=claim.need,
            )
            return Arrival((await self._client.image(url, watch)).body)


class _Host:
    """One host: how many connections it has, and when it may be asked again."""

    def __init__(self, pace: Pace) -> None:
        self.connections = asyncio.Semaphore(pace.host_connections)
        self._interval = pace.interval
        self._free_at = 0.0

    async def turn(self) -> None:
        """Wait until this host may be asked."""
        now = asyncio.get_running_loop().time()
        start = max(now, self._free_at)
        self._free_at = start + self._interval
        await asyncio.sleep(start - now)

    def pause(self, seconds: float) -> None:
        """Begin nothing for so long."""
        now = asyncio.get_running_loop().time()
        self._free_at = max(self._free_at, now + seconds)
