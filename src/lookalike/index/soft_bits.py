"""Exact search over packed bits by queries that are surer of some bits than of others."""

from __future__ import annotations

import numpy as np

from lookalike.errors import UsageError
from lookalike.index.blocks import BLOCK_ROWS, Best, Mask, blocks
from lookalike.types import Bits, Floats, Keys


def top_k(
    matrix: Bits, queries: Floats, k: int, *, skip: Mask | None = None
) -> tuple[Floats, Keys]:
    """The k best rows of `matrix` (n, ceil(dim / 8)) uint8 for `queries` (q, dim) in -1..1.

    A query is a weighted mean of bits taken as -1 and 1; a row's score is the same mean of its
    Hamming distances, negated. Returns scores (q, k') float32, best first, and row numbers
    (q, k') int64; of equal scores the lower row comes first. `skip` (n,) bool leaves rows out.
    Raises `UsageError` for queries that do not fit.
    """
    if k < 1:
        raise UsageError(f"k is {k}; ask for at least 1.")
    dim = queries.shape[-1]
    if queries.ndim != 2 or -(-dim // 8) != matrix.shape[1] or not np.isfinite(queries).all():
        raise UsageError(
            f"Queries of shape {queries.shape} do not fit packed bits of {matrix.shape[1]} bytes."
        )
    live = len(matrix) - (0 if skip is None else int(np.count_nonzero(skip)))
    best = Best(len(queries), min(k, live))
    offsets = (dim + queries.sum(axis=1, dtype=np.float64)).astype(np.float32) / 2
    if live:
        for numbers, rows in blocks(np.asarray(matrix), skip, BLOCK_ROWS):
            ones = np.unpackbits(rows, axis=1, count=dim).astype(np.float32)
            best.offer(numbers, ones @ queries.T - offsets)
        best.settle()
    return best.scores, best.rows
