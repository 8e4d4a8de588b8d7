"""Measures one way of searching: every metric of every query, and what each query found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from lookalike.evaluate.metrics import Doubles, Flags, Ranked, knn_votes, per_query
from lookalike.evaluate.ranking import ordered, query_blocks
from lookalike.evaluate.split import Split
from lookalike.evaluate.truth import MISSING, Truth
from lookalike.types import Floats, Keys

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the queries done and their number."""


class Scorer(Protocol):
    """Scores (q, g) of a gallery for queries: higher is better, -inf is no answer."""

    def scores(self, queries: Keys) -> Floats:
        """One row a query, one column an image of the gallery."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The metrics of each query, and its answers.

    `queries` (q,) are rows; `values` maps a metric to float64 (q,); `top` (q, k) are the rows
    found, best first, `MISSING` past the end, with their `scores` (q, k) and whether each is a
    match, `right` (q, k); `relevant` (q,) is how many matches the gallery holds for each.
    """

    k: int
    queries: Keys
    values: Mapping[str, Doubles]
    top: Keys
    scores: Floats
    right: Flags
    relevant: Keys

    def means(self) -> dict[str, float]:
        """The mean of each metric over the queries."""
        return {name: float(values.mean()) for name, values in self.values.items()}


def measure(
    scorer: Scorer,
    split: Split,
    truth: Truth,
    k: int,
    *,
    classes: Keys | None = None,
    progress: Progress = lambda _done, _of: None,
) -> Measured:
    """Rank the gallery for each query and score the answers; memory is a few blocks.

    `classes` (n,), where there are some, are what the nearest neighbours vote on.
    """
    parts, done = [], 0
    for queries in query_blocks(split):
        scores = scorer.scores(queries)
        order = ordered(scores)
        parts.append(_judged(queries, scores, order, split, truth, k))
        done += len(queries)
        progress(done, len(split.queries))
    values = {name: np.concatenate([part[0][name] for part in parts]) for name in parts[0][0]}
    top, top_scores, right, relevant = (
        np.concatenate([part[place] for part in parts]) for place in (1, 2, 3, 4)
    )
    if classes is not None:
        votes = knn_votes(np.where(top == MISSING, MISSING, classes[top]))
        values["knn-accuracy"] = (votes == classes[split.queries]).astype(np.float64)
    return Measured(k, split.queries, values, top, top_scores, right, relevant)


def _judged(
    queries: Keys, scores: Floats, order: Keys, split: Split, truth: Truth, k: int
) -> tuple[dict[str, Doubles], Keys, Floats, Flags, Keys]:
    gains = truth.gains(queries, split.gallery)
    gains[np.isneginf(scores)] = 0
    matches = gains >= truth.threshold
    ideal = -np.sort(-gains, axis=1)[:, :k]
    ranked = Ranked(
        np.take_along_axis(gains, order[:, :k], axis=1),
        np.take_along_axis(matches, order, axis=1),
        matches.sum(axis=1),
        ideal,
    )
    best = order[:, :k]
    top_scores = np.take_along_axis(scores, best, axis=1)
    top = np.where(np.isneginf(top_scores), MISSING, split.gallery[best])
    return per_query(ranked, k), top, top_scores, ranked.matches[:, :k], ranked.relevant
