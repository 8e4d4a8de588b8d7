"""The k nearest images of each query: over the matrix, its tail, and without what was removed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from lookalike.index.exact import top_k
from lookalike.index.scores import merge
from lookalike.index.weighted import Part, weighted_top_k
from lookalike.store.matrix import MatrixView
from lookalike.types import Floats, Halves, Keys, Metric


def nearest(
    view: MatrixView,
    queries: Floats,
    k: int,
    metric: Metric,
    *,
    unit: bool,
    without: Sequence[Collection[int]],
) -> list[tuple[Keys, Floats]]:
    """For each query row of float32 (q, dim): image keys and scores, best first, at most k.

    `unit` says that the stored vectors have length 1. `without` holds, for each query, the
    keys that are no answer to it. Raises `UsageError` for a query of another dimension or
    that is not finite.
    """
    wanted = k + max(map(len, without), default=0)
    scores, rows = top_k(view.matrix, queries, wanted, metric, skip=view.dead, unit=unit)
    parts = [(scores, view.keys[rows])]
    if len(view.tail_keys):
        scores, rows = top_k(view.tail_matrix, queries, wanted, metric, unit=unit)
        parts.append((scores, view.tail_keys[rows]))
    scores, keys = merge(parts, wanted)
    return _answers(scores, keys, k, without)


@dataclass(frozen=True, slots=True)
class Weighed:
    """One of several spaces: all its vectors (n, dim), their keys, and the queries in it."""

    matrix: Halves
    keys: Keys
    queries: Floats
    weight: float
    unit: bool


def nearest_weighed(
    spaces: Sequence[Weighed], k: int, *, without: Sequence[Collection[int]]
) -> list[tuple[Keys, Floats]]:
    """The same by the weighted sum of the spaces' cosines, over images that all of them hold."""
    common = reduce(lambda one, other: np.intersect1d(one, other, True), (s.keys for s in spaces))
    parts = [
        Part(
            space.matrix,
            None if len(space.keys) == len(common) else np.searchsorted(space.keys, common),
            space.queries,
            space.weight,
            space.unit,
        )
        for space in spaces
    ]
    wanted = k + max(map(len, without), default=0)
    scores, rows = weighted_top_k(parts, len(common), wanted)
    return _answers(scores, common[rows], k, without)


def _answers(
    scores: Floats, keys: Keys, k: int, without: Sequence[Collection[int]]
) -> list[tuple[Keys, Floats]]:
    """The best k of each query, without what is no answer to it."""
    answers = []
    for query_keys, query_scores, hidden in zip(keys, scores, without, strict=True):
        kept = ~np.isin(query_keys, np.fromiter(hidden, np.int64))
        answers.append((query_keys[kept][:k], query_scores[kept][:k]))
    return answers
