"""A linear map learned from verdicts on pairs: good ones grow alike, bad ones apart.

A logistic model says from the cosine of two mapped vectors whether a person would call them a
match; map, slope and threshold are learned together, as in Guillaumin, Verbeek and Schmid, "Is
that you? Metric Learning Approaches for Face Identification" (2009), but over cosines. The map
starts as the principal directions of the whole library and is held near them, since some
hundred verdicts say little about a thousand values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.learn.adam import Adam, Weights
from lookalike.learn.linear import LinearMap
from lookalike.types import Floats, Keys

DIRECTIONS = 64
STRENGTHS = (0.03, 0.1, 0.3, 1.0)
"""What a unit of squared distance from the start costs."""
STEPS = 300
RATE = 0.02
SLOPE, MIDDLE = 10.0, 0.5


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Pairs of rows, and whether a person called each a match: three arrays (p,)."""

    left: Keys
    right: Keys
    good: NDArray[np.bool_]

    def only(self, chosen: NDArray[np.bool_]) -> Verdicts:
        """The pairs with the flag (p,)."""
        return Verdicts(self.left[chosen], self.right[chosen], self.good[chosen])


def learn_verdicts(
    start: LinearMap, vectors: Floats, verdicts: Verdicts, strength: float
) -> LinearMap:
    """The map from `start` learned from verdicts on rows of `vectors` (m, d).

    Full-batch gradient steps; good and bad verdicts count alike in sum, whatever their number.
    """
    left = start.apply(vectors[verdicts.left]).astype(np.float64)
    right = start.apply(vectors[verdicts.right]).astype(np.float64)
    signs = np.where(verdicts.good, 1.0, -1.0)
    shares = np.where(verdicts.good, 0.5 / verdicts.good.sum(), 0.5 / (~verdicts.good).sum())
    origin = np.eye(left.shape[1])
    weights: Weights = origin.copy()
    curve: Weights = np.array([SLOPE, MIDDLE])
    for_weights, for_curve = Adam(RATE), Adam(RATE)
    for _ in range(STEPS):
        one, one_length = _unit(left @ weights)
        other, other_length = _unit(right @ weights)
        cosines = (one * other).sum(axis=1)
        above = cosines - curve[1]
        slopes = -signs * shares / (1 + np.exp(np.clip(signs * curve[0] * above, -60, 60)))
        by_cosine = (slopes * curve[0])[:, None]
        by_one = (other - cosines[:, None] * one) / one_length * by_cosine
        by_other = (one - cosines[:, None] * other) / other_length * by_cosine
        gradient = left.T @ by_one + right.T @ by_other + 2 * strength * (weights - origin)
        weights = for_weights.step(weights, gradient)
        by_curve = np.array([(slopes * above).sum(), -(slopes * curve[0]).sum()])
        curve = for_curve.step(curve, by_curve)
    return start.then(weights.astype(np.float32))


def _unit(mapped: Weights) -> tuple[Weights, Weights]:
    lengths = np.maximum(np.linalg.norm(mapped, axis=1, keepdims=True), 1e-12)
    return mapped / lengths, lengths
