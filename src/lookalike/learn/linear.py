"""A linear map of vectors, and where one that is learned step by step starts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lookalike.reduce.unit import unit_length
from lookalike.types import Floats


@dataclass(frozen=True, slots=True)
class LinearMap:
    """Takes `mean` (d,) off, then multiplies by `weights` (d, n); both float32."""

    mean: Floats
    weights: Floats

    def apply(self, vectors: Floats) -> Floats:
        """float32 (m, d) -> vectors of length 1, float32 (m, n)."""
        mapped = (vectors - self.mean) @ self.weights
        return unit_length(mapped.astype(np.float32, copy=False))

    def then(self, weights: Floats) -> LinearMap:
        """The same, followed by a multiplication with `weights` (n, r)."""
        return LinearMap(self.mean, (self.weights @ weights).astype(np.float32))


def principal(vectors: Floats, count: int) -> LinearMap:
    """Onto the `count` directions in which vectors (m, d) differ most, at most min(m - 1, d)."""
    mean = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    centred = vectors - mean
    variances, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    kept = min(count, len(vectors) - 1, int((variances > variances[-1] * 1e-9).sum()))
    return LinearMap(mean, directions[:, ::-1][:, : max(1, kept)].astype(np.float32))
