"""The k nearest images of each query: over the matrix, its tail, and without what was removed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.index import exact, hamming, soft_bits
from lookalike.index.blocks import Mask
from lookalike.index.scores import merge
from lookalike.index.weighted import Part, weighted_top_k
from lookalike.search.allowed import rows_of, scan_allowed
from lookalike.search.covered import Covered
from lookalike.search.plan import plan
from lookalike.store.matrix import MatrixView
from lookalike.types import Floats, Halves, Keys, Metric, Stored, check_metric


def nearest(
    view: MatrixView,
    queries: NDArray[Any],
    k: int,
    metric: Metric,
    *,
    unit: bool,
    without: Sequence[Collection[int]],
    allowed: Keys | None = None,
    covered: Covered | None = None,
) -> list[tuple[Keys, Floats]]:
    """For each query, float32 (q, dim) or packed bits: image keys and scores, best first.

    In a space of bits, float32 queries are combined ones, in -1..1.

    At most k of each. `unit` says that the stored vectors have length 1. `without` holds, for
    each query, the keys that are no answer to it; `allowed` (m,), rising, the only keys that
    may be one. `covered` is an approximate index, asked where `plan` says so. Raises
    `UsageError` for a query of another dimension or that is not finite, and for a
    metric that such vectors do not have.
    """
    check_metric(metric, bits=view.space.of_bits)
    wanted = k + max(map(len, without), default=0)

    def best(matrix: Stored, dead: Mask | None) -> tuple[Floats, Keys]:
        if queries.dtype == np.uint8:
            return hamming.top_k(matrix, queries, wanted, skip=dead)
        if view.space.of_bits:
            return soft_bits.top_k(matrix, queries, wanted, skip=dead)
        return exact.top_k(matrix, queries, wanted, metric, skip=dead, unit=unit)

    parts: list[tuple[Floats, Keys]] = []
    count = None if allowed is None else len(allowed)
    if covered is not None and plan(view, covered, wanted, metric, count).by_index:
        exact.check_queries(view.matrix, queries, wanted, metric)
        found = covered.search(queries, wanted, metric, allowed)
        if found is not None:
            parts = [found, scan_allowed(covered.rest, covered.rest_keys, None, allowed, best)]
    if not parts:
        parts = [scan_allowed(view.matrix, view.keys, view.dead, allowed, best)]
    if len(view.tail_keys):
        parts.append(scan_allowed(view.tail_matrix, view.tail_keys, None, allowed, best))
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
    spaces: Sequence[Weighed],
    k: int,
    *,
    without: Sequence[Collection[int]],
    allowed: Keys | None = None,
) -> list[tuple[Keys, Floats]]:
    """The same by the weighted sum of the spaces' cosines, over images that all of them hold."""
    common = reduce(lambda one, other: np.intersect1d(one, other, True), (s.keys for s in spaces))
    if allowed is not None:
        common = common[rows_of(allowed, common)]
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
