"""Whose turn it is: each host is asked by so many at once, so often, and in turn with others."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count

from yarl import URL

from lookalike.types import Scalar

MANY_HOSTS = 20_000


@dataclass(slots=True)
class Job:
    """One URL to be fetched; `tries` were made before. `cells` is the table's row."""

    text: str
    key: bytes
    url: URL
    cells: Mapping[str, Scalar] = field(default_factory=dict)
    tries: int = 0
    seconds: float = 0.0

    @property
    def host(self) -> str:
        """The host it is asked of."""
        return self.url.raw_host or ""


@dataclass(slots=True)
class _Host:
    waiting: deque[Job] = field(default_factory=deque)
    active: int = 0
    free_at: float = 0.0
    lined_up: bool = False


class Turns:
    """Jobs wait here by host. All times are seconds of one clock, given by the caller.

    A host has at most `connections` jobs under way, and begins one at most every `interval`
    seconds. Hosts take turns, so that a long run of one does not hold up the others.
    """

    def __init__(self, connections: int, interval: float) -> None:
        self._connections = connections
        self._interval = interval
        self._hosts: dict[str, _Host] = {}
        self._line: list[tuple[float, int, str]] = []
        self._later: list[tuple[float, int, Job]] = []
        self._order = count()
        self._waiting = 0
        self._too_many = MANY_HOSTS

    def __len__(self) -> int:
        return self._waiting

    def add(self, job: Job) -> None:
        """Let a job wait for its host."""
        self._waiting += 1
        self._join(job)

    def add_later(self, job: Job, when: float) -> None:
        """Let a job wait until a time, then for its host."""
        self._waiting += 1
        heapq.heappush(self._later, (when, next(self._order), job))

    def take(self, now: float) -> Job | None:
        """A job whose turn has come; call `done` when it is over."""
        if len(self._hosts) > self._too_many:
            self._forget_idle(now)
        while self._later and self._later[0][0] <= now:
            self._join(heapq.heappop(self._later)[2])
        while self._line and self._line[0][0] <= now:
            name = heapq.heappop(self._line)[2]
            host = self._hosts[name]
            host.lined_up = False
            if host.free_at > now:
                self._line_up(name, host)
                continue
            job = host.waiting.popleft()
            self._waiting -= 1
            host.active += 1
            host.free_at = now + self._interval
            self._line_up(name, host)
            return job
        return None

    def done(self, job: Job) -> None:
        """A job that was taken is over, or has been added again."""
        host = self._hosts[job.host]
        host.active -= 1
        self._line_up(job.host, host)

    def is_last(self, job: Job) -> bool:
        """Whether no other job waits for the host of one under way."""
        return not self._hosts[job.host].waiting

    def pause(self, job: Job, until: float) -> None:
        """Begin nothing more at the host of a job under way before a time."""
        host = self._hosts[job.host]
        host.free_at = max(host.free_at, until)

    def next_time(self) -> float | None:
        """When a turn may come without anything else happening; None: never."""
        times = [heap[0][0] for heap in (self._line, self._later) if heap]
        return min(times, default=None)

    def _forget_idle(self, now: float) -> None:
        """Let go of hosts that have nothing to do and may be asked at any time."""
        self._hosts = {
            name: host
            for name, host in self._hosts.items()
            if host.active or host.waiting or host.free_at > now
        }
        self._too_many = max(MANY_HOSTS, 2 * len(self._hosts))

    def _join(self, job: Job) -> None:
        host = self._hosts.setdefault(job.host, _Host())
        host.waiting.append(job)
        self._line_up(job.host, host)

    def _line_up(self, name: str, host: _Host) -> None:
        if host.waiting and not host.lined_up and host.active < self._connections:
            host.lined_up = True
            heapq.heappush(self._line, (host.free_at, next(self._order), name))
