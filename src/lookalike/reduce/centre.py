"""`centre`: the library's mean vector taken off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import UsageError
from lookalike.reduce.reducer import Arrays, Blocks, Reducer
from lookalike.types import Floats


@dataclass(frozen=True)
class Centre(Reducer):
    """Subtracts `mean`, float32 (d,), learned from a library."""

    mean: Floats | None = None
    must_be_fitted: ClassVar[bool] = True

    @property
    def arrays(self) -> Arrays:
        """`mean`, once fitted."""
        return {} if self.mean is None else {"mean": self.mean}

    def dimension(self, before: int) -> int:
        """The same."""
        return before

    def fit(self, blocks: Blocks) -> Centre:
        """Learn the mean, in float64, a block at a time."""
        total: NDArray[np.float64] = np.zeros(1)
        count = 0
        for block in blocks():
            total = total + block.sum(axis=0, dtype=np.float64)
            count += len(block)
        if count == 0:
            raise UsageError("There are no vectors to learn a mean from.")
        return Centre((total / count).astype(np.float32))

    def restored(self, arrays: Arrays) -> Centre:
        """With its mean."""
        return Centre(arrays["mean"])

    def apply(self, vectors: Floats) -> Floats:
        """float32 (n, d) -> float32 (n, d)."""
        if self.mean is None:
            raise UsageError("centre must be fitted on a library's vectors before it is used.")
        centred: Floats = vectors - self.mean
        return centred
