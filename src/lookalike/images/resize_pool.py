"""Resizes images in worker processes, under the limits of decoding."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import asdict

from lookalike.images.crew import Crew
from lookalike.images.limits import DEFAULT_LIMITS, Limits
from lookalike.images.resize import Resized, Resizing


class ResizePool:
    """`workers` processes; a bomb, a crash or a hang costs the image at hand."""

    def __init__(self, how: Resizing, *, workers: int, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        setup = {"limits": asdict(limits), "resizing": asdict(how)}
        self._crew = Crew(setup, workers)

    def submit(self, data: bytes) -> Future[Resized]:
        """Check and resize one image; the future raises `ImageRejectedError`."""
        return self._crew.submit(lambda worker: worker.resize(data, self._limits.seconds))

    def close(self) -> None:
        """Stop the processes."""
        self._crew.close()
