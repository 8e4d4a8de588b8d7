"""A crew of worker processes: whoever is free takes the next job, and none may overrun its time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from lookalike.images.process import DecoderProcess

WATCH_SECONDS = 0.05
Done = TypeVar("Done")


class Crew:
    """`workers` processes of one setup; a job that crashes or hangs one costs that job alone."""

    def __init__(
        self, setup: Mapping[str, Any], workers: int, inherited: Collection[int] = ()
    ) -> None:
        self._workers = [DecoderProcess(setup, inherited) for _ in range(workers)]
        self._idle: queue.SimpleQueue[DecoderProcess] = queue.SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="decode")
        self._closed = threading.Event()
        self._watch = threading.Thread(target=self._watch_deadlines, daemon=True)
        self._watch.start()

    def submit(self, job: Callable[[DecoderProcess], Done]) -> Future[Done]:
        """Do `job` with a process that is free."""
        return self._threads.submit(self._run, job)

    def close(self) -> None:
        """Stop the processes; what they were at fails."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.interrupt()
        self._threads.shutdown(wait=True)
        for worker in self._workers:
            worker.close()
        self._watch.join()

    def _run(self, job: Callable[[DecoderProcess], Done]) -> Done:
        worker = self._idle.get()
        try:
            return job(worker)
        finally:
            self._idle.put(worker)

    def _watch_deadlines(self) -> None:
        while not self._closed.wait(WATCH_SECONDS):
            for worker in self._workers:
                worker.kill_if_overdue()
