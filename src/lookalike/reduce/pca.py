"""`pca:N`: the N directions in which a library's vectors differ most, optionally whitened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import UsageError
from lookalike.reduce.axes import axes_of
from lookalike.reduce.reducer import Arrays, Blocks, Reducer
from lookalike.types import Floats

SMALLEST_SHARE = 1e-9
"""A direction with less variance than this share of the first is noise; whitening spares it."""


@dataclass(frozen=True)
class PrincipalComponents(Reducer):
    """Projects centred vectors onto `components`, float32 (count, d), orthogonal rows.

    Pearson (1901). The covariance is summed in float64, a block at a time, so memory is
    d x d whatever the number of vectors. Each component's largest value is positive, so the
    signs do not depend on the machine.
    """

    count: int
    whiten: bool = False
    mean: Floats | None = None
    components: Floats | None = None
    must_be_fitted: ClassVar[bool] = True

    @property
    def arrays(self) -> Arrays:
        """`mean` and `components`, once fitted."""
        if self.mean is None or self.components is None:
            return {}
        return {"mean": self.mean, "components": self.components}

    def dimension(self, before: int) -> int:
        """The number of components."""
        if self.count > before:
            raise UsageError(f"pca:{self.count} of vectors that have only {before} values.")
        return self.count

    def fit(self, blocks: Blocks) -> PrincipalComponents:
        """Learn mean and components. Raises `UsageError` for fewer vectors than components."""
        total: NDArray[np.float64] = np.zeros(1)
        products: NDArray[np.float64] = np.zeros((1, 1))
        count = 0
        for block in blocks():
            values = block.astype(np.float64)
            total = total + values.sum(axis=0)
            products = products + values.T @ values
            count += len(values)
        if count <= self.count:
            raise UsageError(
                f"pca:{self.count} needs more than {self.count} vectors to learn from; "
                f"there are {count}."
            )
        mean = total / count
        covariance = products / count - np.outer(mean, mean)
        self.dimension(len(covariance))
        variances, directions = axes_of(covariance)
        order = np.argsort(-variances)[: self.count]
        components = directions[:, order].T
        largest = np.argmax(np.abs(components), axis=1)[:, None]
        components *= np.sign(np.take_along_axis(components, largest, axis=1))
        if self.whiten:
            floor = max(float(variances[order[0]]) * SMALLEST_SHARE, np.finfo(np.float64).tiny)
            components /= np.sqrt(np.maximum(variances[order], floor))[:, None]
        return PrincipalComponents(
            self.count, self.whiten, mean.astype(np.float32), components.astype(np.float32)
        )

    def restored(self, arrays: Arrays) -> PrincipalComponents:
        """With its mean and components."""
        return PrincipalComponents(self.count, self.whiten, arrays["mean"], arrays["components"])

    def apply(self, vectors: Floats) -> Floats:
        """float32 (n, d) -> float32 (n, count)."""
        if self.mean is None or self.components is None:
            raise UsageError(f"pca:{self.count} must be fitted on a library's vectors first.")
        projected = (vectors - self.mean) @ self.components.T
        return projected.astype(np.float32, copy=False)
