"""Scores of all pairs of some queries and some rows of a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.index.blocks import BLOCK_ROWS, numpy_ranker, onnx_ranker
from lookalike.index.halves import as_floats
from lookalike.types import Bits, Floats, Metric, Stored

_SMALL = 8_000_000


def pairwise(queries: NDArray[Any], matrix: Stored, metric: Metric) -> Floats:
    """Scores float32 (q, n), higher is better: cosines, inner products, negated distances.

    `queries` (q, d) and `matrix` (n, d) hold floats of any width, or both packed bits for
    hamming. As `exact.top_k` scores, up to the rounding of float32.
    """
    if metric == "hamming":
        return _bits(queries, matrix)
    asked = as_floats(queries)
    if metric == "cosine":
        lengths = np.linalg.norm(asked, axis=1, keepdims=True)
        asked = asked / np.maximum(lengths, np.finfo(np.float32).tiny)
    many = len(asked) * matrix.size > _SMALL and matrix.dtype == np.float16 and metric != "l1"
    rank = (onnx_ranker if many else numpy_ranker)(metric, unit=False)
    scores = np.empty((len(asked), len(matrix)), dtype=np.float32)
    for start in range(0, len(matrix), BLOCK_ROWS):
        block = np.ascontiguousarray(matrix[start : start + BLOCK_ROWS])
        scores[:, start : start + BLOCK_ROWS] = rank(block, asked).T
    return -np.sqrt((-scores).clip(0)) if metric == "l2" else scores


def paired(ones: NDArray[Any], others: NDArray[Any], metric: Metric) -> Floats:
    """Scores float32 (n,) of each row of floats (n, d) and the row (n, d) beside it."""
    first, second = as_floats(ones), as_floats(others)
    if metric in {"l1", "l2"}:
        found: Floats = -np.linalg.norm(first - second, ord=1 if metric == "l1" else 2, axis=1)
        return found
    products: Floats = np.einsum("ij,ij->i", first, second)
    if metric == "ip":
        return products
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    cosines: Floats = products / np.maximum(lengths, np.finfo(np.float32).tiny)
    return cosines


def _bits(queries: Bits, matrix: Bits) -> Floats:
    differing = [np.bitwise_count(matrix ^ query).sum(axis=1, dtype=np.int32) for query in queries]
    return -np.array(differing, dtype=np.float32).reshape(len(queries), len(matrix))
