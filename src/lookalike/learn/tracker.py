"""What a training run tells whoever keeps a record of it: parameters, metrics, files, the end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Protocol

from lookalike.types import Scalar

Status = Literal["finished", "failed", "interrupted"]


class Tracker(Protocol):
    """A record of one run, wherever it is kept. Calls come in the order of the run."""

    def parameters(self, values: Mapping[str, Scalar]) -> None:
        """All that the run was asked for, by dotted names; called once, first."""

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """The figures of one epoch, `step` counted from 1."""

    def artifact(self, path: Path) -> None:
        """A file of the run's folder that is complete: model, recipe, curves, report."""

    def finish(self, status: Status) -> None:
        """The run is over; called once, last."""


class NoTracker:
    """Keeps no record beyond the run's own folder."""

    def parameters(self, values: Mapping[str, Scalar]) -> None:
        """Nothing."""

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Nothing."""

    def artifact(self, path: Path) -> None:
        """Nothing."""

    def finish(self, status: Status) -> None:
        """Nothing."""
