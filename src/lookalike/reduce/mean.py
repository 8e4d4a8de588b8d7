"""`mean:N`: the mean of every N consecutive values (2048 -> 512 with N = 4)."""

from __future__ import annotations

from dataclasses import dataclass

from lookalike.errors import UsageError
from lookalike.reduce.reducer import Reducer
from lookalike.types import Floats


@dataclass(frozen=True)
class MeanOfGroups(Reducer):
    """Means of groups of `size` values; a dimension that leaves a remainder is refused."""

    size: int

    def dimension(self, before: int) -> int:
        """`before` divided by the group's size."""
        if before % self.size:
            raise UsageError(
                f"mean:{self.size} needs a dimension that {self.size} divides; {before} leaves "
                f"{before % self.size}."
            )
        return before // self.size

    def apply(self, vectors: Floats) -> Floats:
        """float32 (n, d) -> float32 (n, d / size)."""
        groups = vectors.reshape(len(vectors), self.dimension(vectors.shape[1]), self.size)
        means: Floats = groups.mean(axis=2)
        return means
