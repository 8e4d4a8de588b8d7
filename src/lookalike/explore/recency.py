"""Recency: what was liked long ago counts less, by halves."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import UsageError
from lookalike.types import Keys

_UNITS = {"h": 3_600, "d": 86_400, "w": 7 * 86_400}
_WRITTEN = re.compile(r"(\d+\.?\d*|\.\d+)([hdw]?)")


@dataclass(frozen=True, slots=True)
class Recency:
    """After how many items, or `by_time` microseconds, something counts half."""

    half_life: float
    by_time: bool

    def weights(self, ages: Keys) -> NDArray[np.float64]:
        """The weight, above 0 up to 1, of what lies so far back."""
        halvings = np.minimum(ages / self.half_life, 500.0)
        return 0.5**halvings


def parse_recency(text: str | float) -> Recency:
    """A half-life: a number of items, or a time as `36h`, `30d` or `8w`. Raises `UsageError`."""
    found = _WRITTEN.fullmatch(str(text).strip().lower())
    value = float(found[1]) if found else math.nan
    if found is None or not value > 0:
        raise UsageError(
            f"A half-life is a number of items above 0, or a time as 36h, 30d or 8w; not {text!r}."
        )
    if not found[2]:
        return Recency(value, by_time=False)
    return Recency(value * _UNITS[found[2]] * 1e6, by_time=True)
