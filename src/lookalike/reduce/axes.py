"""The axes of a symmetric matrix, found by one thread: several mostly wait for one another."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", np.float32, np.float64)


def axes_of(matrix: NDArray[Number]) -> tuple[NDArray[Number], NDArray[Number]]:
    """Its eigenvalues (d,), the least first, and the eigenvectors (d, d) in columns.

    Of 1,280 dimensions one thread takes 0.3 s. Two of OpenBLAS take ten times the processor time,
    and on a machine that has other work ten times as long.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"):
        values, vectors = np.linalg.eigh(matrix)
    return values, vectors
