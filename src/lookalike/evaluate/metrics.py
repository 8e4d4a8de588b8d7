"""Retrieval metrics of each query, from the gains of what it found, best first.

Definitions are those of trec_eval, where it has the metric; mAP@R is that of Musgrave,
Belongie and Lim, "A Metric Learning Reality Check" (2020). A query that has no match in the
gallery counts as 0 in all of them. Every function takes and gives one row a query.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import UnknownNameError, UsageError
from lookalike.types import Floats, Keys

Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]

AT_K = ("precision", "recall", "hit", "ndcg")
WHOLE = ("map", "map@r", "mrr", "r-precision")
NAMES = (*AT_K, *WHOLE, "knn-accuracy")


@dataclass(frozen=True, slots=True)
class Ranked:
    """What some queries found, best first, and what there was to be found.

    `gains` (q, k) is 0 for what is no match, and for places past the end; `matches` (q, d), of
    any depth d >= k, says what counts as a match; `relevant` (q,) is how many matches the
    gallery holds; `ideal` (q, k) are the highest gains in the gallery, falling.
    """

    gains: Floats
    matches: Flags
    relevant: Keys
    ideal: Floats


def per_query(ranked: Ranked, k: int) -> dict[str, Doubles]:
    """Every metric but kNN accuracy, float64 (q,) each, in 0..1; those at k are named so.

    precision@k divides by k even where fewer were found, as trec_eval does.
    """
    top, relevant = ranked.matches[:, :k], ranked.relevant
    found = top.sum(axis=1)
    ranks = np.arange(1, ranked.matches.shape[1] + 1)
    shares = np.cumsum(ranked.matches, axis=1) / ranks
    shares[~ranked.matches] = 0
    within = ranks <= relevant[:, None]
    first = np.argmax(ranked.matches, axis=1)
    any_found = ranked.matches.any(axis=1)
    return {
        f"precision@{k}": found / k,
        f"recall@{k}": _ratio(found, relevant),
        f"hit@{k}": (found > 0).astype(np.float64),
        "map": _ratio(shares.sum(axis=1), relevant),
        "map@r": _ratio((shares * within).sum(axis=1), relevant),
        "mrr": np.where(any_found, 1.0 / (first + 1), 0.0),
        f"ndcg@{k}": _ratio(_dcg(ranked.gains[:, :k]), _dcg(ranked.ideal[:, :k])),
        "r-precision": _ratio((ranked.matches & within).sum(axis=1), relevant),
    }


def knn_votes(classes: Keys) -> Keys:
    """The class that most of the k nearest have: int64 (q,), from `classes` (q, k).

    -1 stands for a neighbour that is not there. Of classes with as many votes, that of the
    nearest neighbour wins; -1 where there is no neighbour.
    """
    if classes.shape[1] == 0:
        return np.full(len(classes), -1, dtype=np.int64)
    votes = (classes[:, :, None] == classes[:, None, :]).sum(axis=2)
    votes[classes < 0] = 0
    winners = np.argmax(votes, axis=1)
    return np.take_along_axis(classes, winners[:, None], axis=1)[:, 0]


def metric_name(name: str, k: int) -> str:
    """The full name of a metric: `precision` and `precision@10` are `precision@10` at k 10.

    Raises `UnknownNameError`, and `UsageError` for another k than the one measured.
    """
    base, _, depth = name.lower().partition("@")
    if name.lower() in WHOLE or name.lower() == "knn-accuracy":
        return name.lower()
    if base not in AT_K:
        raise UnknownNameError("metric", name, NAMES)
    if depth and depth != str(k):
        raise UsageError(f"{name} is not measured at k = {k}: ask for -k {depth}.")
    return f"{base}@{k}"


def _dcg(gains: Floats) -> Doubles:
    discounts = 1.0 / np.log2(np.arange(2, gains.shape[1] + 2))
    total: Doubles = gains.astype(np.float64) @ discounts
    return total


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> Doubles:
    """part / whole, 0 where the whole is 0."""
    shares: Doubles = np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)
    return shares
