"""The k nearest rows of every row of a matrix: what a map is drawn from."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from lookalike.index.blocks import Best, blocks, numpy_ranker, onnx_ranker
from lookalike.index.halves import as_floats
from lookalike.reduce.unit import unit_length
from lookalike.types import Floats, Halves, Keys, Metric

OnStep: TypeAlias = Callable[[str, int, int], None]
"""Called with the name of a step, how much of it is done, and of how much."""

_QUERIES_AT_ONCE = 2048
_ROWS_AT_ONCE = 4096
_SMALL = 2_000_000


def no_step(_step: str, _done: int, _total: int) -> None:
    """Tells nobody."""


def neighbours_of(
    queries: Halves,
    matrix: Halves,
    k: int,
    metric: Metric,
    *,
    own: Keys | None,
    on_step: OnStep = no_step,
) -> tuple[Keys, Floats]:
    """Rows (q, k) int64 of `matrix` (n, d) nearest to `queries` (q, d), nearest first, and scores.

    Float32 products, so rows whose scores differ by a rounding may change places. `own` (q,)
    says which row of the matrix each query is, as none is its own neighbour; None when they
    are no rows of it. `k` is at most the number of other rows. Memory is a block of
    2,048 x 4,096 scores.
    """
    make = numpy_ranker if matrix.size < _SMALL else onnx_ranker
    rank = make(metric, unit=False)
    wanted = k if own is None else k + 1
    rows = np.empty((len(queries), k), dtype=np.int64)
    scores = np.empty((len(queries), k), dtype=np.float32)
    for start in range(0, len(queries), _QUERIES_AT_ONCE):
        some = unit(queries[start : start + _QUERIES_AT_ONCE], metric)
        best = Best(len(some), wanted)
        for numbers, block in blocks(matrix, None, _ROWS_AT_ONCE):
            best.offer(numbers, rank(block, some))
        best.settle()
        end = start + len(some)
        if own is not None:
            others = best.rows != own[start:end, None]
            others[others.all(axis=1), -1] = False
            best.rows, best.scores = best.rows[others], best.scores[others]
        rows[start:end] = best.rows.reshape(-1, k)
        scores[start:end] = best.scores.reshape(-1, k)
        on_step("neighbours", end, len(queries))
    return rows, scores


def unit(rows: Halves | Floats, metric: Metric) -> Floats:
    """Rows as float32, of length 1 where they are compared by the cosine."""
    wide = as_floats(rows)
    return unit_length(wide) if metric == "cosine" else wide
