"""Diversity: answers that are near the question and not too near each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lookalike.index.pairwise import pairwise
from lookalike.index.scores import similarity
from lookalike.types import Floats, Halves, Keys, Metric, Stored

POOL = 500
"""How many of the nearest are put in a new order; what comes after them keeps its own."""


def diversified(similarities: Floats, between: Floats, diversity: float) -> Keys:
    """The order (n,) of n candidates by maximal marginal relevance.

    `similarities` (n,) are theirs to the question, best first; `between` (n, n) those among
    them, on the same scale. Each next one has the highest `(1 - diversity) * similarity -
    diversity * similarity to the nearest one chosen before`; of equal ones the earlier.
    Carbonell and Goldstein, "The use of MMR, diversity-based reranking", 1998.
    """
    order = np.empty(len(similarities), np.int64)
    relevance = (1 - diversity) * similarities.astype(np.float64)
    left = np.ones(len(similarities), np.bool_)
    nearest = np.full(len(similarities), -np.inf)
    for place in range(len(order)):
        marginal = relevance - diversity * nearest if place else relevance
        chosen = int(np.argmax(np.where(left, marginal, -np.inf)))
        order[place] = chosen
        left[chosen] = False
        nearest = np.maximum(nearest, between[chosen])
    return order


def similarities_between(rows: Stored, metric: Metric, *, bits: int = 0) -> Floats:
    """Similarities (n, n) float32 between stored vectors (n, ...), as search gives them."""
    return similarity(pairwise(rows, rows, metric), metric, bits=bits)


def weighed_between(parts: Sequence[tuple[Halves, float]]) -> Floats:
    """The same over several spaces: the sum of each weight times the cosines of its vectors."""
    found: Floats = np.sum(
        [np.float32(weight) * similarities_between(rows, "cosine") for rows, weight in parts],
        axis=0,
    )
    return found
