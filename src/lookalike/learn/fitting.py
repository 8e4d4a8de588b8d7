"""Fits a classifier: method and strength, then chances and threshold, all on held-out parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import NotBetterError, UsageError
from lookalike.learn.chances import (
    Doubles,
    fitted_sharpness,
    log_losses,
    softmax,
    threshold_for_accuracy,
    threshold_for_coverage,
)
from lookalike.learn.classifier import Classifier, Standard, likeliest
from lookalike.learn.folds import folds
from lookalike.learn.from_classes import Classes
from lookalike.learn.logistic import STRENGTHS, logistic
from lookalike.learn.scoring import Scores, neighbours, prototypes
from lookalike.types import Floats, Keys

METHODS = ("logistic", "knn", "prototypes")
COUNTS = (5, 15, 40)
"""Neighbours that `knn` asks."""
INNER = 3
OUTER = 4
MOST_TRIED = 10_000
"""Images on which method and strength are chosen; of more, as many at random."""
MOST_EXAMPLES = 20_000
"""Images that `knn` keeps."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A method and its strength: that of the penalty, or how many neighbours are asked."""

    method: str
    strength: float = 0.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What the threshold is chosen for: a share of right answers, or of answers at all."""

    accuracy: float | None = None
    coverage: float | None = None


@dataclass(frozen=True, slots=True)
class Fitted:
    """A classifier, its setting, and the calibrated log loss of every setting, held out."""

    classifier: Classifier
    setting: Setting
    tried: dict[Setting, float]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Chances (m, c) of labelled images, each from a classifier that had not seen it.

    `rows` (m,) are which; `thresholds` (m,) are what that classifier would have answered from.
    """

    rows: Keys
    chances: Doubles
    thresholds: Doubles


def fit_classifier(
    classes: Classes,
    names: tuple[str, ...],
    methods: tuple[str, ...],
    wish: Wish,
    on_part: Callable[[], None] = lambda: None,
) -> Fitted:
    """The setting with the best calibrated log loss on held-out parts, fitted to all.

    Raises `UsageError` when no part can be held out, and `NotBetterError` when no threshold
    gives the accuracy that is wished.
    """
    some = _some(classes, MOST_TRIED)
    rows, seen, scores = _held_out_scores(some, len(names), methods, on_part)
    codes = some.codes[rows]
    if not seen.any():
        raise UsageError(
            "No class has images in two groups, so nothing of it can be held out and known."
        )
    sharpness = {one: fitted_sharpness(found[seen], codes[seen]) for one, found in scores.items()}
    tried = {
        one: float(log_losses(softmax(found, sharpness[one]), codes).mean())
        for one, found in scores.items()
    }
    best = min(tried, key=lambda one: tried[one])
    answers = likeliest(softmax(scores[best], sharpness[best]))
    threshold = _threshold(answers.chances, answers.codes == codes, wish)
    standard = Standard.of(classes.vectors)
    points = standard.apply(classes.vectors)
    (scorer,) = _fits(points, classes.codes, len(names), [best]).values()
    on_part()
    return Fitted(Classifier(names, standard, scorer, sharpness[best], threshold), best, tried)


def held_out(
    classes: Classes,
    names: tuple[str, ...],
    methods: tuple[str, ...],
    wish: Wish,
    on_part: Callable[[], None] = lambda: None,
) -> HeldOut:
    """Fit on all parts but one, ask the one, and so for each of four; above 10,000 for one.

    All that `fit_classifier` chooses is chosen anew without the part that is asked.
    """
    rows, chances, thresholds = [], [], []
    for held in _outer(classes):
        fitted = fit_classifier(classes.only(~held), names, methods, wish, on_part).classifier
        rows.append(np.flatnonzero(held))
        chances.append(fitted.chances(classes.vectors[held]))
        thresholds.append(np.full(held.sum(), fitted.threshold))
    return HeldOut(*(np.concatenate(parts) for parts in (rows, chances, thresholds)))


def parts_of(classes: Classes) -> int:
    """How often `on_part` is called by `held_out` and `fit_classifier` together."""
    count = sum(1 for _ in _outer(classes))
    return (count + 1) * (INNER + 1)


def _outer(classes: Classes) -> Iterator[NDArray[np.bool_]]:
    parts = folds(classes.units, OUTER)
    if len(classes.codes) <= MOST_TRIED:
        return parts
    return iter([next(parts)])


def _some(classes: Classes, most: int) -> Classes:
    if len(classes.codes) <= most:
        return classes
    chosen = np.zeros(len(classes.codes), dtype=bool)
    chosen[np.random.default_rng(0).permutation(len(chosen))[:most]] = True
    return classes.only(chosen)


def _held_out_scores(
    classes: Classes, count: int, methods: tuple[str, ...], on_part: Callable[[], None]
) -> tuple[Keys, NDArray[np.bool_], dict[Setting, Doubles]]:
    """Rows, whether their class was learned then, and the scores by each setting."""
    rows, seen = [], []
    scores: dict[Setting, list[Doubles]] = {}
    for held in folds(classes.units, INNER, seed=1):
        learned = classes.codes[~held]
        if len(learned):
            standard = Standard.of(classes.vectors[~held])
            points = standard.apply(classes.vectors[~held])
            asked = standard.apply(classes.vectors[held])
            rows.append(np.flatnonzero(held))
            seen.append(np.isin(classes.codes[held], learned))
            for one, scorer in _fits(points, learned, count, _settings(methods)).items():
                scores.setdefault(one, []).append(scorer.scores(asked))
        on_part()
    if not rows:
        raise UsageError("All labelled images belong together: nothing can be held out.")
    together = {one: np.concatenate(parts) for one, parts in scores.items()}
    return np.concatenate(rows), np.concatenate(seen), together


def _settings(methods: tuple[str, ...]) -> list[Setting]:
    strengths = {"logistic": STRENGTHS, "knn": COUNTS, "prototypes": (0.0,)}
    return [Setting(method, float(value)) for method in methods for value in strengths[method]]


def _fits(
    points: Floats, codes: Keys, count: int, settings: Iterable[Setting]
) -> dict[Setting, Scores]:
    """A scorer for each setting."""
    wanted = list(settings)
    strengths = sorted((one.strength for one in wanted if one.method == "logistic"), reverse=True)
    regressions = iter(logistic(points, codes, count, strengths)) if strengths else iter(())
    found: dict[Setting, Scores] = {
        Setting("logistic", strength): scorer
        for strength, scorer in zip(strengths, regressions, strict=True)
    }
    for one in wanted:
        if one.method == "prototypes":
            found[one] = prototypes(points, codes, count)
        elif one.method == "knn":
            kept = np.random.default_rng(0).permutation(len(points))[:MOST_EXAMPLES]
            found[one] = neighbours(points[kept], codes[kept], count, int(one.strength))
    return found


def _threshold(tops: Doubles, right: NDArray[np.bool_], wish: Wish) -> float:
    if wish.coverage is not None:
        return threshold_for_coverage(tops, wish.coverage)
    if wish.accuracy is None:
        return 0.0
    found = threshold_for_accuracy(tops, right, wish.accuracy)
    if found is None:
        raise NotBetterError(
            f"No answers are surely right in {wish.accuracy:.0%} of cases: of all, "
            f"{right.mean():.1%} are, held out, and not even the surest do. Wish for less, or "
            "label more."
        )
    return found
