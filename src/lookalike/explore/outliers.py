"""Images far from every neighbour, and labels that their neighbours do not share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.types import Floats

NEIGHBOURS = 10
VOTERS = 30
_SPREADS = 4.0
_LEAST = 1.1
_EQUAL = 1e-3
_TIMES = 3.0
_LITTLE = 0.02

Doubles = NDArray[np.float64]


def outlier_factors(places: NDArray[np.int32], cosines: Floats) -> Doubles:
    """The local outlier factor of each image, (n,): about 1 among its like, more outside.

    `places` (n, k) and `cosines` are the nearest of each, best first. Breunig et al., "LOF:
    Identifying Density-Based Local Outliers" (2000), over the distance sqrt(2 - 2 cosine).
    NaN where an image has no neighbour.
    """
    if not places.shape[1]:
        return np.full(len(places), np.nan)
    there = places >= 0
    distances = np.sqrt(np.maximum(2 - 2 * cosines.astype(np.float64), 0))
    distances[~there] = np.nan
    kth = np.nanmax(np.where(there, distances, -1), axis=1)
    reach = np.maximum(distances, np.where(there, kth[places], np.nan))
    counts = np.maximum(there.sum(axis=1), 1)
    density = 1 / np.maximum(np.nansum(reach, axis=1) / counts, _EQUAL)
    others = np.nansum(np.where(there, density[places], np.nan), axis=1) / counts
    factors: Doubles = np.where(there.any(axis=1), others / density, np.nan)
    return factors


def far(factors: Doubles) -> NDArray[np.bool_]:
    """Which of the factors stand out: four robust standard deviations above the median."""
    known = factors[np.isfinite(factors)]
    if len(known) < NEIGHBOURS:
        return np.zeros(len(factors), bool)
    middle = float(np.median(known))
    spread = 1.4826 * float(np.median(np.abs(known - middle)))
    with np.errstate(invalid="ignore"):
        standing: NDArray[np.bool_] = factors > max(middle + _SPREADS * spread, _LEAST)
    return standing


@dataclass(frozen=True, slots=True)
class Doubt:
    """A label that its neighbours do not share: the row, what they say, and how sure (0..1)."""

    row: int
    label: str
    suggested: str
    probability: float
    own: float


def doubted_labels(
    labels: Sequence[str | None], places: NDArray[np.int32], cosines: Floats
) -> list[Doubt]:
    """Labels that most likely are wrong, the surest first.

    The nearest images vote for their labels, weighted by how much nearer than the farthest of
    them they are, without the image itself. A label is in doubt by the rule of confident
    learning (Northcutt et al., 2021): another class is as probable for this image as it is on
    average for images that carry it, and its own is not. It must be three times as probable,
    too: where classes are small or overlap, the rule alone doubts a third of all labels.
    """
    names = sorted({label for label in labels if label is not None})
    if len(names) < 2 or not places.shape[1]:
        return []
    number = {name: place for place, name in enumerate(names)}
    codes = np.array([-1 if label is None else number[label] for label in labels])
    votes = np.where((places >= 0) & (codes[places] >= 0), codes[places], -1)[:, :VOTERS]
    near = cosines[:, :VOTERS].astype(np.float64)
    weights = np.where(votes >= 0, near - near[:, -1:] + 0.05, 0)
    chances = _Chances(codes, votes, weights, len(names))
    found = []
    for row in np.flatnonzero((codes >= 0) & (weights.sum(axis=1) > 0)):
        best, probability, own = chances.verdict(int(row))
        if best is not None:
            doubt = Doubt(int(row), names[codes[row]], names[best], probability, own)
            found.append(doubt)
    return sorted(found, key=lambda doubt: (-_times(doubt.probability, doubt.own), doubt.row))


def _times(probability: float, own: float) -> float:
    """How many times as probable; a class without a vote counts as if it had a small one."""
    return (probability + _LITTLE) / (own + _LITTLE)


class _Chances:
    """The probability of a class for an image, kept sparse: there may be very many classes."""

    def __init__(
        self, codes: NDArray[np.int64], votes: NDArray[np.int64], weights: Doubles, classes: int
    ) -> None:
        total = weights.sum(axis=1, keepdims=True)
        self._codes = codes
        self._votes = votes
        self._shares = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
        own = (self._shares * (votes == codes[:, None])).sum(axis=1)
        known = codes >= 0
        sums = np.bincount(codes[known], own[known], minlength=classes)
        counts = np.bincount(codes[known], minlength=classes)
        self._usual = sums / np.maximum(counts, 1)
        self._own = own

    def verdict(self, row: int) -> tuple[int | None, float, float]:
        """The class that is meant instead, None if none; its probability, and that of the own."""
        votes, shares = self._votes[row], self._shares[row]
        own, code = float(self._own[row]), self._codes[row]
        others = np.unique(votes[(votes >= 0) & (votes != code)])
        sums = [(float(shares[votes == other].sum()), int(other)) for other in others]
        sure = [
            (p, other) for p, other in sums if p >= self._usual[other] and _times(p, own) >= _TIMES
        ]
        if not sure or own >= self._usual[code]:
            return None, 0.0, own
        probability, best = max(sure)
        return best, probability, own
