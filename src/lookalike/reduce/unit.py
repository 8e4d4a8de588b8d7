"""`l2`: vectors of length 1, in the middle of a chain of reducers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lookalike.reduce.reducer import Reducer
from lookalike.types import Floats


@dataclass(frozen=True)
class UnitLength(Reducer):
    """Divides each vector by its Euclidean length; a zero vector stays zero."""

    def dimension(self, before: int) -> int:
        """The same."""
        return before

    def apply(self, vectors: Floats) -> Floats:
        """float32 (n, d) -> float32 (n, d)."""
        lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
        scaled: Floats = (vectors / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
        return scaled
