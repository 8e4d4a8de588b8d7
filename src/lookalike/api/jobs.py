"""Long work as jobs: one at a time, a few waiting, heard while they run, stopped when asked.

They are kept in memory alone: a stop of the server ends them. What they stored is stored.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from lookalike.api.problems import FullError, NotThereError, of_error
from lookalike.errors import LookalikeError

WAITING = 8
REMEMBERED = 100
State = Literal["waiting", "running", "done", "failed", "cancelled"]
ENDED: frozenset[State] = frozenset({"done", "failed", "cancelled"})
Result: TypeAlias = Mapping[str, Any]
Work: TypeAlias = "Callable[[Job], Awaitable[Result]]"
_LOG = logging.getLogger(__name__)


class StoppedError(LookalikeError):
    """A job was asked to stop, and does."""


@dataclass(slots=True, eq=False)
class Job:
    """A piece of work and how far it is; moments are in Unix seconds.

    `step` is what is being done, `done` of `total` of it, so many a second as `rate` says.
    `result` says in the end what came of it, `problem` what went wrong, as an answer would.
    """

    kind: str
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    state: State = "waiting"
    step: str = ""
    done: int = 0
    total: int = 0
    rate: float = 0.0
    made: float = field(default_factory=time.time)
    started: float | None = None
    ended: float | None = None
    result: Result | None = None
    problem: Result | None = None
    stopped: bool = False
    _began: float = 0.0
    _first: int = 0

    def advance(self, step: str, done: int, total: int) -> None:
        """Note how far a step is, from any thread. Raises `StoppedError` to end the work."""
        if self.stopped:
            raise StoppedError("This job was stopped.")
        now = time.monotonic()
        if step != self.step:
            self.step, self._began, self._first = step, now, done
        self.done, self.total = done, total
        if now > self._began:
            self.rate = (done - self._first) / (now - self._began)


class Jobs:
    """The jobs of a library, in the order in which they came; use it from the event loop.

    What is remembered of a job is how it went, not its work, which may hold many uploads.
    """

    def __init__(self) -> None:
        self._held: OrderedDict[str, Job] = OrderedDict()
        self._waiting: OrderedDict[str, Work] = OrderedDict()
        self._runner: asyncio.Task[None] | None = None

    @property
    def all(self) -> list[Job]:
        """All that are remembered, the newest first."""
        return list(reversed(self._held.values()))

    def get(self, id_: str) -> Job:
        """The job of that id. Raises `NotThereError`."""
        if id_ not in self._held:
            raise NotThereError("There is no such job; those from before a restart are forgotten.")
        return self._held[id_]

    def submit(self, kind: str, work: Work) -> Job:
        """Take a job. Raises `FullError` where too many wait."""
        if len(self._waiting) >= WAITING:
            raise FullError(f"{WAITING} jobs wait already")
        job = Job(kind)
        self._held[job.id] = job
        self._waiting[job.id] = work
        ended = [one.id for one in self._held.values() if one.state in ENDED]
        for id_ in ended[: max(0, len(self._held) - REMEMBERED)]:
            del self._held[id_]
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run())
        return job

    def stop(self, job: Job) -> None:
        """Stop a job: at once if it waits, else at its next step."""
        job.stopped = True
        if self._waiting.pop(job.id, None) is not None:
            job.state, job.ended = "cancelled", time.time()

    def stop_all(self) -> None:
        """Stop every job that has not ended; from any thread."""
        for job in list(self._held.values()):
            job.stopped = True

    async def close(self) -> None:
        """Stop every job and wait for the one that runs."""
        for id_ in list(self._waiting):
            self.stop(self._held[id_])
        self.stop_all()
        if self._runner is not None:
            await asyncio.wait([self._runner])

    async def _run(self) -> None:
        while self._waiting:
            id_, work = self._waiting.popitem(last=False)
            job = self._held[id_]
            job.state, job.started = "running", time.time()
            try:
                if job.stopped:
                    raise StoppedError
                job.result = await work(job)
                job.state = "done"
            except StoppedError:
                job.state = "cancelled"
            except LookalikeError as error:
                job.state, job.problem = "failed", json.loads(bytes(of_error(error).body))
            except Exception:  # noqa: BLE001  a fault of one job is not that of the next
                _LOG.exception("A job of kind %s failed", job.kind)
                job.state = "failed"
                job.problem = {"status": 500, "detail": "A fault of the server; see its log."}
            job.ended = time.time()
