"""Finds how much each space should count: weights that answer some queries best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lookalike.evaluate.measure import measure
from lookalike.evaluate.ranking import Ranker, View
from lookalike.evaluate.split import Split, some_queries
from lookalike.evaluate.truth import Truth
from lookalike.types import Floats, Keys

TRIED = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.5)
QUERIES = 400
_CELLS = 80_000_000
_ROUNDS = 2


class _Mixed:
    """Scores of spaces that are kept, added up with whatever weights are tried."""

    def __init__(self, scores: Sequence[Floats], queries: Keys, weights: Sequence[float]) -> None:
        self._hidden = np.isneginf(scores[0])
        self._scores = scores
        self._queries = queries
        self._weights = weights

    def scores(self, queries: Keys) -> Floats:
        places = np.searchsorted(self._queries, queries)
        total: Floats = np.zeros((len(queries), self._scores[0].shape[1]), dtype=np.float32)
        for scores, weight in zip(self._scores, self._weights, strict=True):
            if weight:
                total += np.float32(weight) * scores[places]
        total[self._hidden[places]] = -np.inf
        return total


def tune_weights(
    views: Sequence[View], split: Split, truth: Truth, k: int, metric: str
) -> list[float]:
    """Weights (one a space, the largest 1) with the highest mean metric on a split's queries.

    From each space alone, the best one first, weights of the others are tried in turn, twice
    round. At most 400 queries are used, fewer where their scores would not fit in memory.
    """
    most = max(2, min(QUERIES, _CELLS // max(1, len(views) * len(split.gallery))))
    some = some_queries(split, most)
    scores = [Ranker([view], some).scores(some.queries) for view in views]

    def value(weights: Sequence[float]) -> float:
        mixed = _Mixed(scores, some.queries, weights)
        return measure(mixed, some, truth, k).means()[metric]

    alone = [[float(place == other) for other in range(len(views))] for place in range(len(views))]
    best = max(alone, key=value)
    highest = value(best)
    for _ in range(_ROUNDS):
        for place in range(len(views)):
            for tried in TRIED:
                weights = [*best[:place], tried, *best[place + 1 :]]
                if any(weights) and (found := value(weights)) > highest:
                    best, highest = weights, found
    return [weight / max(best) for weight in best]
