"""Resizes images in worker processes, under the limits of decoding."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import asdict
from functools import partial

from lookalike.errors import LookalikeError
from lookalike.images.crew import Crew
from lookalike.images.limits import DEFAULT_LIMITS, Limits
from lookalike.images.process import Outcome, Task
from lookalike.images.resize import Resized, Resizing
from lookalike.types import Blob


class ResizePool:
    """`workers` processes; a bomb, a crash or a hang costs the image at hand."""

    def __init__(self, how: Resizing, *, workers: int, limits: Limits = DEFAULT_LIMITS) -> None:
        setup = {"limits": asdict(limits), "resizing": asdict(how)}
        self._crew = Crew(setup, workers, limits.seconds)

    def submit(self, data: bytes) -> Future[Resized]:
        """Check and resize one image; the future raises `ImageRejectedError`."""
        return self._crew.submit(Task(Blob("", "", data), {}), partial(_read, data))

    def close(self) -> None:
        """Stop the processes."""
        self._crew.close()


def _read(data: bytes, outcome: Outcome) -> Resized:
    if isinstance(outcome, LookalikeError):
        raise outcome
    facts, resized = outcome
    return Resized(resized or data, **facts)
