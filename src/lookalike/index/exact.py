"""Exact search: the k best rows for each query, the same whichever kernel found them.

A kernel scans the whole matrix in float32 and gives a few candidates more than are asked
for. These are scored again in float64. If a row that is no candidate could still belong to
the k best, given the rounding of the scan, the scan is repeated with more candidates.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lookalike.cores import cores
from lookalike.errors import UsageError
from lookalike.index.blocks import Mask, numpy_ranker, onnx_ranker, scan_blocks
from lookalike.index.halves import as_doubles, has_zeros
from lookalike.index.lists import can_scan_lists, scan_lists
from lookalike.types import FLOAT_METRICS, Floats, Halves, Keys, Metric

_SMALL = 8_000_000
"""Elements up to which NumPy is done before faiss is imported."""
_FEW_QUERIES = 3
"""Fewer than this are scanned one by one; more share the cast of each block."""
_MOST_CANDIDATES = 4096
_RESCORED_AT_ONCE = 256

Doubles = NDArray[np.float64]


def top_k(
    matrix: Halves,
    queries: Floats,
    k: int,
    metric: Metric,
    *,
    skip: Mask | None = None,
    unit: bool = False,
) -> tuple[Floats, Keys]:
    """The k best rows of `matrix` (n, d) float16 for each of `queries` (q, d).

    Returns scores (q, k') float32, best first, and row numbers (q, k') int64; k' is the
    smaller of k and the number of rows that `skip` (n,) bool leaves. A score is the cosine,
    the inner product, or the negated l2 or l1 distance: higher is better. Of equal scores
    the lower row comes first. `unit` says that the rows were scaled to unit length before
    they were rounded to float16. Rows that are not finite are never found.

    Raises UsageError for a query of another length, not finite, or without direction.
    """
    check_queries(matrix, queries, k, metric)
    matrix = np.asarray(matrix)
    asked = queries.astype(np.float64)
    if metric == "cosine":
        asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    live = len(matrix) - (0 if skip is None else int(np.count_nonzero(skip)))
    k = min(k, live)
    scores = np.full((len(asked), k), -np.inf)
    rows = np.full((len(asked), k), -1, dtype=np.int64)
    unsettled = list(range(len(asked))) if k else []
    wanted = min(live, k + k // 2 + 16)
    most = min(live, max(_MOST_CANDIDATES, 2 * k))
    while unsettled:
        rough = asked[unsettled].astype(np.float32)
        worst, candidates = _scan(matrix, rough, wanted, metric, skip, unit=unit)
        left = []
        for i, query in enumerate(unsettled):
            best, exact, slack = ranked(matrix, asked[query], candidates[i], k, metric)
            rows[query, : len(best)], scores[query, : len(best)] = best, exact
            if wanted < most and not scores[query, -1] > worst[i] + slack:
                left.append(query)
        unsettled = left
        wanted = min(most, 4 * wanted)
    found = int((rows >= 0).all(axis=0).sum())
    return as_scores(scores[:, :found], metric), rows[:, :found]


def _scan(
    matrix: Halves, queries: Floats, wanted: int, metric: Metric, skip: Mask | None, *, unit: bool
) -> tuple[Floats, Keys]:
    """The worst rough score (q,) among the candidates, and the candidates (q, wanted)."""
    if matrix.size < _SMALL:
        return scan_blocks(matrix, queries, wanted, numpy_ranker(metric, unit=unit), skip)
    threads = max(1, min(cores(), len(matrix) // wanted))
    if len(queries) < _FEW_QUERIES and can_scan_lists(matrix, metric, unit=unit):
        return scan_lists(matrix, queries, wanted, metric, skip, threads=threads)
    if metric == "l1":
        ranker = numpy_ranker(metric, unit=unit)
    else:
        ranker = onnx_ranker(metric, unit=unit, threads=1)
    return scan_blocks(matrix, queries, wanted, ranker, skip, threads=threads)


def ranked(
    matrix: Halves, query: Doubles, candidates: Keys, k: int, metric: Metric
) -> tuple[Keys, Doubles, float]:
    """The k best candidates and their scores in float64, and how far a scan may be off.

    `candidates` (c,) are row numbers, -1 for none; l2 scores are negated squares (`as_scores`).
    Of equal scores the lower row comes first; rows that are not finite are left out.
    """
    candidates = np.sort(candidates[candidates >= 0])
    exact = np.empty(len(candidates))
    longest = 0.0
    for start in range(0, len(candidates), _RESCORED_AT_ONCE):
        part = slice(start, start + _RESCORED_AT_ONCE)
        halves = matrix[candidates[part]]
        vectors = as_doubles(halves, zeros=has_zeros(halves))
        with np.errstate(invalid="ignore", divide="ignore"):  # rows may be zero
            exact[part] = ranking_scores(vectors, query, metric)
        if metric in {"ip", "l2"}:
            longest = max(longest, math.sqrt(np.vecdot(vectors, vectors).max()))
    usable = np.isfinite(exact)
    candidates, exact = candidates[usable], exact[usable]
    slack = _slack(query, longest, float(-exact.min(initial=0.0)), metric)
    best = np.argsort(-exact, kind="stable")[:k]
    return candidates[best], exact[best], slack


def ranking_scores(vectors: Doubles, query: Doubles, metric: Metric) -> Doubles:
    """Scores by which rows (c, d) are ranked for a query (d,): l2 is still squared."""
    scores: Doubles
    match metric:
        case "cosine":
            scores = np.vecdot(vectors, query) / np.sqrt(np.vecdot(vectors, vectors))
        case "ip":
            scores = np.vecdot(vectors, query)
        case "l2":
            scores = -((vectors - query) ** 2).sum(axis=1)
        case _:  # l1
            scores = -np.abs(vectors - query).sum(axis=1)
    return scores


def _slack(query: Doubles, longest: float, furthest: float, metric: Metric) -> float:
    """A bound on the rounding of a float32 sum over d terms (Higham, 2002, section 4.2)."""
    step = len(query) * 2.0**-23
    length = math.sqrt((query * query).sum())
    match metric:
        case "cosine":
            # rows of a cosine space were of unit length before they were rounded to float16
            return step + 2.0**-11 * min(1.0, 8 / math.sqrt(len(query)))
        case "ip":
            return step * length * longest
        case "l2":
            return step * (length + longest) ** 2
        case _:  # l1
            return step * furthest


def as_scores(ranking: Doubles, metric: Metric) -> Floats:
    """Scores by which rows were ranked, as they are given out.

    In float32 no cosine is beyond 1: in float64 it is so by less than half a step of float32.
    """
    if metric == "l2":
        ranking = -np.sqrt(-ranking)
    return ranking.astype(np.float32)


def check_queries(matrix: Halves, queries: Floats, k: int, metric: Metric) -> None:
    """Refuse what has no answer. Raises UsageError."""
    if metric not in FLOAT_METRICS:
        raise UsageError(
            f"The metric {metric!r} is none of {', '.join(FLOAT_METRICS)}, those of floats."
        )
    if k < 1:
        raise UsageError(f"k is {k}; ask for at least 1.")
    if queries.ndim != 2 or queries.shape[1] != matrix.shape[1]:
        raise UsageError(
            f"Queries of shape {queries.shape} do not fit vectors of length {matrix.shape[1]}: "
            "they must be of shape (q, d), made in the same space."
        )
    if not np.isfinite(queries).all():
        raise UsageError("A query vector has a value that is not a finite number.")
    if metric == "cosine" and not queries.any(axis=1).all():
        raise UsageError("A query vector is zero: it has no direction for the cosine.")
