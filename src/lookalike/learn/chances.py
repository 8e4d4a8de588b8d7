"""Chances of scores, and the chance from which on an answer is given at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.types import Keys

Doubles = NDArray[np.float64]
LEAST = 1e-6
"""What a chance of an impossible event counts in a log loss."""
_ROUNDS = 60
_GOLDEN = (5**0.5 - 1) / 2


def softmax(scores: Doubles, sharpness: float) -> Doubles:
    """Chances (m, c), each row of sum 1, of scores times `sharpness`."""
    scaled = scores * sharpness
    scaled -= scaled.max(axis=1, keepdims=True)
    risen = np.exp(scaled)
    shares: Doubles = risen / risen.sum(axis=1, keepdims=True)
    return shares


def log_losses(chances: Doubles, codes: Keys) -> Doubles:
    """Minus the log of the chance given to what was true, (m,)."""
    given = chances[np.arange(len(codes)), codes]
    losses: Doubles = -np.log(np.maximum(given, LEAST))
    return losses


def fitted_sharpness(scores: Doubles, codes: Keys) -> float:
    """The factor on held-out scores (m, c) that makes their chances come true.

    One over the temperature of Guo et al., "On Calibration of Modern Neural Networks" (2017):
    it changes no answer, only how sure it sounds. The log loss is convex in it.
    """
    spread = float(np.median(scores.max(axis=1) - np.median(scores, axis=1)))
    low, high = np.log(1e-2 / max(spread, 1e-6)), np.log(1e4 / max(spread, 1e-6))

    def loss(place: float) -> float:
        return float(log_losses(softmax(scores, np.exp(place)), codes).mean())

    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = loss(left), loss(right)
    for _ in range(_ROUNDS):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = loss(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = loss(right)
        if high - low < 1e-4:
            break
    return float(np.exp((low + high) / 2))


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Answers of at least the chance `threshold`: which share of all they are, and how right."""

    threshold: float
    coverage: float
    accuracy: float


def abstention_curve(
    tops: Doubles, right: NDArray[np.bool_], points: int = 100
) -> list[CurvePoint]:
    """Accuracy against coverage, from the surest answers to all of them.

    `tops` (m,) are the chances of the answers. (El-Yaniv and Wiener, "On the Foundations of
    Noise-free Selective Classification", 2010.)
    """
    order = np.argsort(-tops, kind="stable")
    rights = np.cumsum(right[order])
    ends = np.flatnonzero(np.append(np.diff(tops[order]) != 0, True))
    if len(ends) > points:
        ends = ends[np.unique(np.linspace(0, len(ends) - 1, points).round().astype(int))]
    return [
        CurvePoint(
            float(tops[order[end]]), (int(end) + 1) / len(tops), float(rights[end] / (end + 1))
        )
        for end in ends
    ]


def threshold_for_accuracy(
    tops: Doubles, right: NDArray[np.bool_], accuracy: float
) -> float | None:
    """The lowest chance from which on so many answers are right; None where none is."""
    curve = abstention_curve(tops, right, points=len(tops))
    good = [point for point in curve if point.accuracy >= accuracy]
    return good[-1].threshold if good else None


def threshold_for_coverage(tops: Doubles, coverage: float) -> float:
    """The chance that this share of the answers reaches."""
    count = min(len(tops), max(1, int(np.ceil(coverage * len(tops) - 1e-9))))
    return float(np.sort(tops)[::-1][count - 1])
