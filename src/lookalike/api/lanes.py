"""Lanes: threads for work off the event loop, each with a queue that does not grow without end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from lookalike.api.crowded import CrowdedError
from lookalike.api.together import Together

Done = TypeVar("Done")


class Lane:
    """`threads` jobs at a time, `waiting` more in the queue; beyond that, `CrowdedError`."""

    def __init__(self, name: str, threads: int, waiting: int) -> None:
        self.name = name
        self._most = threads + waiting
        self._under_way = 0
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)

    @property
    def under_way(self) -> int:
        """How many jobs are being done or wait."""
        return self._under_way

    async def run(self, job: Callable[[], Done]) -> Done:
        """What `job` returns or raises, done by a thread of the lane."""
        if self._under_way >= self._most:
            raise CrowdedError
        loop = asyncio.get_running_loop()
        self._under_way += 1
        future = self._threads.submit(job)

        def finished(_: Future[Done]) -> None:
            loop.call_soon_threadsafe(self._leave)

        future.add_done_callback(finished)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Finish what is under way and let the threads go."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _leave(self) -> None:
        self._under_way -= 1


class Lanes:
    """Who is quick does not wait for who is slow: one lane for each kind of work."""

    def __init__(self, *, askers: int, waiting: int) -> None:
        self.quick = Lane("quick", 8, 2 * waiting)
        self.images = Lane("images", askers, waiting)
        self.web = Lane("web", 8, 16)
        self.writes = Lane("writes", 1, 32)
        self.long = Lane("long", 1, 1)
        self.searches = Together(
            "searches", 2, 4 * waiting, 64, coming=lambda: self.images.under_way
        )

    @property
    def all(self) -> tuple[Lane | Together, ...]:
        """Every lane."""
        return (self.quick, self.images, self.web, self.writes, self.long, self.searches)

    def close(self) -> None:
        """Finish what is under way in all of them."""
        for lane in self.all:
            lane.close()
