"""Multinomial logistic regression on stored vectors, for several strengths at once.

The mean log loss plus half of `strength` times the squared weights; intercepts are free.
(Cox, 1958; the minimiser is L-BFGS, as in scikit-learn, whose C is 1 / (m * strength).)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from lookalike.learn.lbfgs import Point, minimise
from lookalike.learn.scoring import LinearScores
from lookalike.types import Floats, Keys

STRENGTHS = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5)
"""For vectors of mean squared length 1; rising freedom, so that each fit starts from the last."""
_BLOCK = 8192


def logistic(
    points: Floats, codes: Keys, classes: int, strengths: Sequence[float]
) -> Iterator[LinearScores]:
    """A fit for each strength, in falling order, of points float32 (m, d) with `codes` (m,).

    Codes are below `classes`; those that do not occur keep weights of zero and get no chance.
    Memory beside the points is bounded: they are gone through in blocks.
    """
    present, own = np.unique(codes, return_inverse=True)
    size = points.shape[1]
    fitted: Point = np.zeros((size + 1, len(present)))
    fitted[-1] = np.log(np.bincount(own) / len(own))
    fitted[-1] -= fitted[-1].mean()
    for strength in sorted(strengths, reverse=True):

        def loss(point: Point, strength: float = strength) -> tuple[float, Point]:
            return _loss(points, own, point, strength)

        fitted = minimise(loss, fitted, tolerance=2e-5)
        yield LinearScores.of(fitted[:-1], fitted[-1], present, classes)


def _loss(points: Floats, own: Keys, fitted: Point, strength: float) -> tuple[float, Point]:
    weights, biases = fitted[:-1].astype(np.float32), fitted[-1]
    gradient = np.zeros_like(fitted)
    total = 0.0
    for start in range(0, len(points), _BLOCK):
        block, mine = points[start : start + _BLOCK], own[start : start + _BLOCK]
        scores = (block @ weights).astype(np.float64) + biases
        scores -= scores.max(axis=1, keepdims=True)
        sums = np.exp(scores).sum(axis=1, keepdims=True)
        rows = np.arange(len(block))
        total += float((np.log(sums[:, 0]) - scores[rows, mine]).sum())
        pull = np.exp(scores) / sums
        pull[rows, mine] -= 1
        gradient[:-1] += block.T @ pull.astype(np.float32)
        gradient[-1] += pull.sum(axis=0)
    gradient /= len(points)
    gradient[:-1] += strength * fitted[:-1]
    return total / len(points) + strength / 2 * float((fitted[:-1] ** 2).sum()), gradient
