"""From few labels to many: a logistic regression whose chances come true on labels held out.

Its sharpness is fitted on labels held out of the learning in turn: images alone, clusters as a
whole, which says rather too little than too much (Guo et al., "On Calibration of Modern Neural
Networks", 2017). An answer counts as sure where held-out answers of its chance and above were
right often enough, even at the low end of Wilson's interval (1927), for few labels prove little.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import UsageError
from lookalike.evaluate.truth import MISSING
from lookalike.learn.chances import fitted_sharpness, softmax
from lookalike.learn.classifier import Classifier, Predictions, Standard, likeliest
from lookalike.learn.fitting import Wish, fit_classifier
from lookalike.learn.folds import folds
from lookalike.learn.from_classes import Classes
from lookalike.learn.logistic import logistic
from lookalike.types import Floats, Keys

PARTS = 4
Z = 0.84
"""Of one-sided intervals that hold in four of five cases."""
_METHODS = ("logistic",)
_STRENGTH = 1e-3
"""Where there are too few labels to choose one."""
_APART = 4
"""How many times as many unsure images are looked at as are chosen from among them."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Labelled vectors (m, d) with their class, `codes` (m,).

    `units` (m,) number what is held out together.
    """

    vectors: Floats
    codes: Keys
    units: Keys

    def only(self, chosen: NDArray[np.bool_]) -> Examples:
        """Those with the flag (m,)."""
        return Examples(self.vectors[chosen], self.codes[chosen], self.units[chosen])


@dataclass(frozen=True, slots=True)
class Propagator:
    """What was learned; `calibrated` is False where nothing could be held out.

    `tops` (h,) and `right` (h,) are the chances of the answers on what was held out, and
    whether each was right.
    """

    classifier: Classifier
    sharpness: float
    calibrated: bool
    tops: NDArray[np.float64]
    right: NDArray[np.bool_]

    def predict(self, vectors: Floats) -> Predictions:
        """The likeliest class of each vector, float32 (m, d), and its chance."""
        return likeliest(_chances(self.classifier, vectors, self.sharpness))

    def threshold(self, sure: float) -> float:
        """The chance from which on answers are surely right so often; above 1 where none are."""
        order = np.argsort(-self.tops, kind="stable")
        ends = np.flatnonzero(np.diff(self.tops[order], append=-1.0) != 0)
        rights = np.cumsum(self.right[order], dtype=np.int64)[ends]
        good = ends[_wilson(rights, ends + 1) >= sure]
        return max(sure, float(self.tops[order[good[-1]]])) if len(good) else 2.0

    def expected(self, least: float) -> tuple[int, int]:
        """Of the held-out answers with at least this chance: how many, and how many right."""
        sure = self.tops >= least
        return int(sure.sum()), int(self.right[sure].sum())


def learn_labels(examples: Examples, names: tuple[str, ...]) -> Propagator:
    """Learn from labels of two classes or more. Raises `UsageError` for fewer."""
    if len(np.unique(examples.codes)) < 2:
        raise UsageError("At least two different labels are needed to tell images apart.")
    classifier = _fit(examples, names)
    scores, codes, known = _held_out(examples, names)
    if not known.any():
        nothing = np.empty(0)
        return Propagator(classifier, 1.0, False, nothing, nothing.astype(np.bool_))
    sharpness = fitted_sharpness(scores[known], codes[known])
    said = likeliest(softmax(scores, sharpness))
    return Propagator(classifier, sharpness, True, said.chances, said.codes == codes)


def unsure_first(vectors: Floats, chances: NDArray[np.float64], count: int) -> Keys:
    """Rows (c,) of the least sure of vectors (m, d), each unlike those chosen before it.

    Among four times as many of the least sure, the one farthest from all chosen comes next
    (Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985).
    """
    order = np.argsort(chances, kind="stable")[: _APART * count]
    pool = vectors[order] / np.maximum(np.linalg.norm(vectors[order], axis=1), 1e-12)[:, None]
    chosen: list[int] = []
    distance = np.full(len(order), np.inf)
    while len(chosen) < min(count, len(order)):
        best = int(distance.argmax()) if chosen else 0
        chosen.append(best)
        distance = np.minimum(distance, 1 - pool @ pool[best])
        distance[chosen] = -np.inf
    found: Keys = order[np.array(chosen, dtype=np.int64)]
    return found


def _fit(examples: Examples, names: tuple[str, ...]) -> Classifier:
    none = np.full(len(examples.codes), MISSING)
    alone = np.arange(len(examples.codes))
    units = examples.units if len(np.unique(examples.units)) > 1 else alone
    for kept_together in (units, alone):
        classes = Classes(examples.vectors, examples.codes, kept_together, none, alone)
        with suppress(UsageError):  # every class is one unit: nothing of it can be held out
            return fit_classifier(classes, names, _METHODS, Wish(None, None)).classifier
    standard = Standard.of(examples.vectors)
    points = standard.apply(examples.vectors)
    (scorer,) = logistic(points, examples.codes, len(names), [_STRENGTH])
    return Classifier(names, standard, scorer, 1.0, 0.0)


def _held_out(
    examples: Examples, names: tuple[str, ...]
) -> tuple[NDArray[np.float64], Keys, NDArray[np.bool_]]:
    """Scores (h, c) of labelled images by classifiers that had not seen them, and their class.

    Also whether the class was known then: those of which it was not stand for all that has no
    label yet of its own class, and can only be answered wrongly.
    """
    scores, codes = [np.empty((0, len(names)))], [np.empty(0, dtype=np.int64)]
    known = [np.empty(0, dtype=np.bool_)]
    for held in _parts(examples):
        rest = examples.only(~held)
        if len(np.unique(rest.codes)) > 1:
            fitted = _fit(rest, names)
            points = fitted.standard.apply(examples.vectors[held])
            scores.append(fitted.scorer.scores(points))
            codes.append(examples.codes[held])
            known.append(np.isin(examples.codes[held], rest.codes))
    return np.concatenate(scores), np.concatenate(codes), np.concatenate(known)


def _parts(examples: Examples) -> Iterator[NDArray[np.bool_]]:
    return (held for held in folds(examples.units, PARTS) if not held.all())


def _wilson(right: Keys, count: Keys) -> NDArray[np.float64]:
    """The low end of the interval of a share, one-sided, at the level of `Z`."""
    share = right / count
    middle = share + Z**2 / (2 * count)
    spread = Z * np.sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    low: NDArray[np.float64] = (middle - spread) / (1 + Z**2 / count)
    return low


def _chances(classifier: Classifier, vectors: Floats, sharpness: float) -> NDArray[np.float64]:
    return softmax(classifier.scorer.scores(classifier.standard.apply(vectors)), sharpness)
