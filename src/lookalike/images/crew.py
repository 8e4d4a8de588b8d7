"""A crew of worker processes: whoever is free takes what is next, and none overruns its time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from lookalike.images.process import DecoderProcess, Outcome, Task

WATCH_SECONDS = 0.05
AT_ONCE = 4
"""Tasks that one process is given together: each message wakes a process and a thread."""
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class _Job(Generic[Done]):
    task: Task
    read: Callable[[Outcome], Done]
    future: Future[Done]


class Crew:
    """`workers` processes of one setup; a task that crashes or hangs one costs that task alone.

    Each task has `seconds`. A further process is given work only where more than `backlog`
    tasks wait for each before it: where few do, those who are warm do them at less cost.
    """

    def __init__(
        self,
        setup: Mapping[str, Any],
        workers: int,
        seconds: float,
        inherited: Collection[int] = (),
        backlog: int = 0,
    ) -> None:
        self._seconds = seconds
        self._backlog = backlog
        self._workers = [DecoderProcess(setup, inherited) for _ in range(workers)]
        self._jobs: deque[_Job[Any]] = deque()
        self._lock = threading.Lock()
        self._calls = [threading.Condition(self._lock) for _ in self._workers]
        self._idle: list[int] = []
        self._closed = threading.Event()
        self._threads = [
            threading.Thread(target=self._serve, args=(number,), name="decode", daemon=True)
            for number in range(workers)
        ]
        self._threads.append(threading.Thread(target=self._watch_deadlines, daemon=True))
        for thread in self._threads:
            thread.start()

    def submit(self, task: Task, read: Callable[[Outcome], Done]) -> Future[Done]:
        """What `read` makes of the outcome of a task, or raises."""
        future: Future[Done] = Future()
        with self._lock:
            if self._closed.is_set():
                raise RuntimeError("The crew has gone home.")
            self._jobs.append(_Job(task, read, future))
            self._call_one()
        return future

    def close(self) -> None:
        """Stop the processes; what they were at fails."""
        with self._lock:
            if self._closed.is_set():
                return
            self._closed.set()
            waiting = list(self._jobs)
            self._jobs.clear()
            for call in self._calls:
                call.notify()
        for job in waiting:
            job.future.cancel()
        for worker in self._workers:
            worker.dismiss()
        for thread in self._threads:
            thread.join()
        for worker in self._workers:
            worker.close()

    def _serve(self, number: int) -> None:
        worker = self._workers[number]
        while jobs := self._next(number):
            outcomes = worker.ask([job.task for job in jobs], self._seconds)
            for job, outcome in zip(jobs, outcomes, strict=True):
                _settle(job, outcome)

    def _next(self, number: int) -> list[_Job[Any]]:
        """The next job, and some of those behind it if all are light; none at the end."""
        with self._lock:
            while not self._closed.is_set():
                if len(self._jobs) > number * self._backlog:
                    fair = -(-len(self._jobs) // len(self._workers))
                    jobs = self._taken(min(AT_ONCE, max(fair, self._backlog)))
                    if jobs:
                        self._call_one()
                        return jobs
                self._idle.append(number)
                self._calls[number].wait()
        return []

    def _call_one(self) -> None:
        """Call the first who is idle, if enough wait for it."""
        if self._idle:
            first = min(self._idle)
            if len(self._jobs) > first * self._backlog:
                self._idle.remove(first)
                self._calls[first].notify()

    def _taken(self, most: int) -> list[_Job[Any]]:
        jobs: list[_Job[Any]] = []
        while self._jobs and len(jobs) < most:
            if jobs and not (jobs[0].task.light and self._jobs[0].task.light):
                break
            job = self._jobs.popleft()
            if job.future.set_running_or_notify_cancel():
                jobs.append(job)
        return jobs

    def _watch_deadlines(self) -> None:
        while not self._closed.wait(WATCH_SECONDS):
            for worker in self._workers:
                worker.kill_if_overdue()


def _settle(job: _Job[Any], outcome: Outcome) -> None:
    try:
        done = job.read(outcome)
    except Exception as error:  # noqa: BLE001  it is raised where the future is asked
        job.future.set_exception(error)
    else:
        job.future.set_result(done)
