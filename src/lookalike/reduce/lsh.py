"""`lsh:N,seed=S`: N bits a vector, each the side of a random hyperplane it lies on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lookalike.reduce.reducer import Reducer
from lookalike.types import Floats


@dataclass(frozen=True)
class Hyperplanes(Reducer):
    """Random hyperplane hashing: Charikar, "Similarity Estimation Techniques from Rounding
    Algorithms" (2002).

    The normals are uniform in [-1, 1], drawn in float64 by NumPy's PCG64 from the seed, so
    they are the same on every machine; a bit is 1 where x . h > 0.
    """

    planes: int
    seed: int = 0
    gives_bits: ClassVar[bool] = True

    def dimension(self, before: int) -> int:  # noqa: ARG002  any vector can be hashed
        """The number of hyperplanes."""
        return self.planes

    def normals(self, dimension: int) -> NDArray[np.float64]:
        """The hyperplanes' normals, float64 (planes, dimension)."""
        generator = np.random.Generator(np.random.PCG64(self.seed))
        return generator.uniform(-1.0, 1.0, (self.planes, dimension))

    def apply(self, vectors: Floats) -> NDArray[np.uint8]:
        """Packed bits, the first in the highest place.

        float32 (n, d) -> uint8 (n, ceil(planes / 8)). A feature map (n, cells, d) is hashed a
        cell at a time, the cells' bits one after the other: (n, ceil(cells * planes / 8)).
        """
        normals = self.normals(vectors.shape[-1])
        bits = vectors.astype(np.float64) @ normals.T > 0
        return np.packbits(bits.reshape(len(vectors), -1), axis=1)
