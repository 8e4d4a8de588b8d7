"""Vectors of length 1, and `l2`, which makes them so in the middle of a chain of reducers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from lookalike.reduce.reducer import Reducer
from lookalike.types import Floats

Real = TypeVar("Real", bound=np.floating[Any])


@dataclass(frozen=True)
class UnitLength(Reducer):
    """Divides each vector by its Euclidean length; a zero vector stays zero."""

    def dimension(self, before: int) -> int:
        """The same."""
        return before

    def apply(self, vectors: Floats) -> Floats:
        """float32 (n, d) -> float32 (n, d)."""
        return unit_length(vectors)


def unit_length(vectors: NDArray[Real]) -> NDArray[Real]:
    """Rows (n, d) scaled to length 1, in their own dtype; zero and non-finite rows stay."""
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
    divisors = np.where(np.isfinite(lengths) & (lengths > 0), lengths, 1.0)[:, None]
    scaled: NDArray[Real] = np.empty_like(vectors)
    np.divide(vectors, divisors, out=scaled, casting="same_kind")
    return scaled
