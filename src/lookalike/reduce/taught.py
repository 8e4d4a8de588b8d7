"""`taught:N`: a linear map that a library learned from labels or verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lookalike.errors import UsageError
from lookalike.reduce.reducer import Arrays, Blocks, Reducer
from lookalike.types import Floats


@dataclass(frozen=True)
class Taught(Reducer):
    """Takes `mean` (d,) off and multiplies by `weights`, float32 (d, count).

    It is learned by `lookalike teach`, never from vectors alone.
    """

    count: int
    mean: Floats | None = None
    weights: Floats | None = None
    must_be_fitted: ClassVar[bool] = True

    @property
    def arrays(self) -> Arrays:
        """`mean` and `weights`, once taught."""
        if self.mean is None or self.weights is None:
            return {}
        return {"mean": self.mean, "weights": self.weights}

    def dimension(self, before: int) -> int:
        """The columns of `weights`."""
        if self.weights is not None and len(self.weights) != before:
            raise UsageError(
                f"taught:{self.count} was learned on vectors of {len(self.weights)} values, "
                f"not of {before}."
            )
        return self.count

    def fit(self, blocks: Blocks) -> Taught:  # noqa: ARG002  vectors alone teach nothing
        """Raises `UsageError`."""
        raise UsageError(
            f"taught:{self.count} is learned from labels or verdicts: lookalike teach NAME."
        )

    def restored(self, arrays: Arrays) -> Taught:
        """With its mean and weights."""
        return Taught(self.count, arrays["mean"], arrays["weights"])

    def apply(self, vectors: Floats) -> Floats:
        """float32 (n, d) -> float32 (n, count)."""
        if self.mean is None or self.weights is None:
            raise UsageError(f"taught:{self.count} has not been taught: lookalike teach NAME.")
        mapped = (vectors - self.mean) @ self.weights
        return mapped.astype(np.float32, copy=False)
