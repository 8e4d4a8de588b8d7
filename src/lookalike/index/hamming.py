"""Exact search over packed bits: the k rows that differ from each query in the fewest bits."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import UsageError
from lookalike.index.blocks import Mask, blocks
from lookalike.types import Bits, Floats, Keys

_SMALL = 16_000_000
"""Bytes up to which NumPy is done before faiss is imported."""
_FEW_QUERIES = 8
"""Fewer than this are not worth the threads of faiss, which wait for one another at each call."""
_BLOCK_BYTES = 1 << 20
_FAISS_BLOCK_BYTES = 1 << 26
_QUERIES_AT_ONCE = 64
_ROW_PLACES = 40
_ROW = (1 << _ROW_PLACES) - 1

Ranks = NDArray[np.int64]
"""Distance and row number in one whole number: the smaller, the nearer, then the lower."""


def top_k(matrix: Bits, queries: Bits, k: int, *, skip: Mask | None = None) -> tuple[Floats, Keys]:
    """The k best rows of `matrix` (n, bytes) uint8 for each of `queries` (q, bytes) uint8.

    Returns scores (q, k') float32, best first, and row numbers (q, k') int64; k' is the
    smaller of k and the number of rows that `skip` (n,) bool leaves. A score is the number of
    bits that differ, negated. Of equal scores the lower row comes first. A memory-mapped
    matrix is read where it lies. Raises UsageError for a query of another length or type.
    """
    _check(matrix, queries, k)
    matrix = np.asarray(matrix)
    live = len(matrix) - (0 if skip is None else int(np.count_nonzero(skip)))
    k = min(k, live)
    found = np.empty((len(queries), k), dtype=np.int64)
    for start in range(0, len(queries) if k else 0, _QUERIES_AT_ONCE):
        some = slice(start, start + _QUERIES_AT_ONCE)
        found[some] = _nearest(matrix, np.ascontiguousarray(queries[some]), k, skip)
    return -(found >> _ROW_PLACES).astype(np.float32), found & _ROW


def _nearest(matrix: Bits, queries: Bits, k: int, skip: Mask | None) -> Ranks:
    """The k smallest ranks (q, k) of each query, in order."""
    by_numpy = matrix.size < _SMALL or len(queries) < _FEW_QUERIES
    rank = _ranks_by_numpy if by_numpy else _ranks_by_faiss
    height = max(1, (_BLOCK_BYTES if by_numpy else _FAISS_BLOCK_BYTES) // max(1, matrix.shape[1]))
    best = np.empty((len(queries), 0), dtype=np.int64)
    for numbers, rows in blocks(matrix, skip, height):
        distances, places = rank(rows, queries, min(k, len(rows)))
        ranks = (distances.astype(np.int64) << _ROW_PLACES) | numbers[places]
        best = np.sort(np.concatenate([best, ranks], axis=1), axis=1)[:, :k]
    return best


def _ranks_by_numpy(rows: Bits, queries: Bits, k: int) -> tuple[NDArray[Any], Keys]:
    """Distances (q, k) and places (q, k) of the k nearest of some rows, in no order."""
    words = np.ascontiguousarray(_as_words(rows).T)
    places = np.arange(len(rows))
    best = np.empty((len(queries), k), dtype=np.int64)
    for i, query in enumerate(_as_words(queries)):
        counts = np.bitwise_count(words ^ query[:, None]).sum(axis=0, dtype=np.uint32)
        ranks = (counts.astype(np.int64) << _ROW_PLACES) | places
        best[i] = np.partition(ranks, k - 1)[:k] if k < len(ranks) else ranks
    return best >> _ROW_PLACES, best & _ROW


def _as_words(rows: Bits) -> NDArray[np.uint64]:
    """The same bits in words of 64, zeros at the end."""
    spare = -rows.shape[1] % 8
    padded = np.pad(rows, ((0, 0), (0, spare))) if spare else np.ascontiguousarray(rows)
    return padded.view(np.uint64)


def _ranks_by_faiss(rows: Bits, queries: Bits, k: int) -> tuple[NDArray[Any], Keys]:
    """The same; of rows equally far, faiss too keeps the lower ones."""
    faiss: Any = importlib.import_module("faiss")
    distances, places = faiss.knn_hamming(queries, rows, k)
    return distances, places


def _check(matrix: Bits, queries: Bits, k: int) -> None:
    if k < 1:
        raise UsageError(f"k is {k}; ask for at least 1.")
    if queries.dtype != np.uint8 or queries.ndim != 2 or queries.shape[1] != matrix.shape[1]:
        raise UsageError(
            f"Queries of {queries.dtype} {queries.shape} do not fit packed bits of "
            f"{matrix.shape[1]} bytes: they must be uint8 (q, bytes), made in the same space."
        )
