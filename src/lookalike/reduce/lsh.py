"""`lsh:N,seed=S`: N bits a vector, each the side of a random hyperplane it lies on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lookalike.reduce.reducer import Reducer
from lookalike.types import Floats


@dataclass(frozen=True)
class Hyperplanes(Reducer):
    """Random hyperplane hashing: Charikar, "Similarity Estimation Techniques from Rounding
    Algorithms" (2002).

    The normals are uniform in [-1, 1): the upper 53 bits of each word that PCG64 gives from the
    seed (O'Neill, 2014; NumPy keeps that stream as it is), so they are the same on every
    machine. A bit is 1 where x . h > 0.
    """

    planes: int
    seed: int = 0
    gives_bits: ClassVar[bool] = True

    def dimension(self, before: int) -> int:  # noqa: ARG002  any vector can be hashed
        """The number of hyperplanes."""
        return self.planes

    def normals(self, dimension: int) -> NDArray[np.float64]:
        """The hyperplanes' normals, float64 (planes, dimension)."""
        return _normals(self.planes, self.seed, dimension)

    def apply(self, vectors: Floats) -> NDArray[np.uint8]:
        """Packed bits, the first in the highest place.

        float32 (n, d) -> uint8 (n, ceil(planes / 8)). A feature map (n, cells, d) is hashed a
        cell at a time, the cells' bits one after the other: (n, ceil(cells * planes / 8)).
        """
        normals = self.normals(vectors.shape[-1])
        bits = vectors.astype(np.float64) @ normals.T > 0
        return np.packbits(bits.reshape(len(vectors), -1), axis=1)


@lru_cache(maxsize=4)
def _normals(planes: int, seed: int, dimension: int) -> NDArray[np.float64]:
    words = np.random.PCG64(seed).random_raw(planes * dimension)
    units = (words >> np.uint64(11)).astype(np.float64)
    normals: NDArray[np.float64] = (units * 2.0**-52 - 1).reshape(planes, dimension)
    normals.setflags(write=False)
    return normals
