"""Learns a map from classes, chooses its strength on held-out parts, and holds it to its parent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import UsageError
from lookalike.evaluate.intervals import Difference, paired
from lookalike.evaluate.measure import measure
from lookalike.evaluate.ranking import Ranker, View
from lookalike.evaluate.split import leave_one_out, some_queries
from lookalike.evaluate.truth import Agreement
from lookalike.learn import contrastive as by_gradient
from lookalike.learn import discriminant
from lookalike.learn.folds import folds
from lookalike.learn.linear import LinearMap, principal
from lookalike.types import Floats, Keys

METRIC = "map@r"
METHODS = ("discriminant", "contrastive")
HELD_OUT_PARTS = 4
FOLDS = 3
ROUNDS = 20
PATIENCE = 4
QUERIES = 1000
"""Queries that a map is judged on while it is chosen."""

OnStep = Callable[[int, int], None]
"""Called with the steps done and their number."""


@dataclass(frozen=True, slots=True)
class Classes:
    """Vectors (m, d) of length 1 with their class, `codes` (m,).

    `units` (m,) stay together when some are held out; images of one `groups` (m,), where not
    `MISSING`, and of one content are never each other's answers.
    """

    vectors: Floats
    codes: Keys
    units: Keys
    groups: Keys
    contents: Keys

    def only(self, chosen: NDArray[np.bool_]) -> Classes:
        """Those with the flag (m,)."""
        return Classes(
            self.vectors[chosen],
            self.codes[chosen],
            self.units[chosen],
            self.groups[chosen],
            self.contents[chosen],
        )


@dataclass(frozen=True, slots=True)
class Setting:
    """A method and its strength; `rounds` of the one that learns in rounds."""

    method: str
    strength: float
    rounds: int = 0


@dataclass(frozen=True, slots=True)
class Lesson:
    """A learned map and how it did on what was held out, beside the vectors as they are.

    `tried` are the figures of every setting on the inner held-out parts; `figure` names the
    metric of `before` and `after`; `held_out` counts the queries, or verdicts, behind them.
    """

    map: LinearMap
    setting: Setting
    tried: Mapping[Setting, float]
    figure: str
    before: float
    after: float
    difference: Difference
    held_out: int


def learn_classes(
    classes: Classes, methods: Iterable[str], most: int, on_step: OnStep = lambda _done, _of: None
) -> Lesson:
    """The best map of at most `most` directions that the classes teach.

    A quarter is held out; on the rest, methods and strengths are compared by cross-validation
    with mAP@R; the best is held to the plain vectors on the quarter, then learned from all.
    Raises `UsageError` when there is too little to learn from or to judge by.
    """
    held = next(iter(folds(classes.units, HELD_OUT_PARTS)))
    learning, judging = classes.only(~held), classes.only(held)
    _check(learning, "to learn from")
    _check(judging, "to judge by")
    tried = _cross_validated(learning, tuple(methods), most, on_step)
    best = max(tried, key=lambda setting: tried[setting])
    before, groups = _figures(judging, judging.vectors)
    after, _ = _figures(judging, _fit(learning, best, most).apply(judging.vectors))
    return Lesson(
        map=_fit(classes, best, most),
        setting=best,
        tried=tried,
        figure="mAP@R",
        before=float(before.mean()),
        after=float(after.mean()),
        difference=paired(before, after, groups),
        held_out=len(before),
    )


def _check(classes: Classes, purpose: str) -> None:
    sizes = np.unique(classes.codes, return_counts=True)[1]
    if (sizes >= 2).sum() < 2:
        raise UsageError(
            f"Too few labelled images {purpose}: at least two classes of two images each are "
            f"needed after a quarter is held out, and there are {int((sizes >= 2).sum())} of "
            f"{len(sizes)}. Label more, or group them by fewer and larger units."
        )


def _cross_validated(
    classes: Classes, methods: tuple[str, ...], most: int, on_step: OnStep
) -> dict[Setting, float]:
    sums: dict[Setting, list[float]] = {}
    rounds: dict[float, list[int]] = {}
    steps, done = FOLDS * len(methods), 0
    for held in folds(classes.units, FOLDS, seed=1):
        learning, judging = classes.only(~held), classes.only(held)
        for method in methods:
            if method == "discriminant":
                found = discriminant.discriminants(
                    learning.vectors, learning.codes, discriminant.STRENGTHS, most
                )
                for strength, one in zip(discriminant.STRENGTHS, found, strict=True):
                    sums.setdefault(Setting(method, strength), []).append(_mean(judging, one))
            else:
                start = principal(learning.vectors, by_gradient.DIRECTIONS)
                for strength in by_gradient.STRENGTHS:
                    maps = by_gradient.contrastive(
                        start, learning.vectors, learning.codes, strength, ROUNDS
                    )
                    value, best = _best_round(maps, judging)
                    sums.setdefault(Setting(method, strength), []).append(value)
                    rounds.setdefault(strength, []).append(best)
            done += 1
            on_step(done, steps)
    return {
        Setting(one.method, one.strength, round(float(np.mean(rounds[one.strength]))))
        if one.method == "contrastive"
        else one: float(np.mean(values))
        for one, values in sums.items()
    }


def _best_round(maps: Iterator[LinearMap], judging: Classes) -> tuple[float, int]:
    """The best figure of maps that come round by round, and its round, from 1.

    It stops once some rounds have brought nothing.
    """
    value, best = -1.0, 0
    for number, one in enumerate(maps, start=1):
        found = _mean(judging, one)
        if found > value:
            value, best = found, number
        elif number - best >= PATIENCE:
            break
    return value, best


def _fit(classes: Classes, setting: Setting, most: int) -> LinearMap:
    if setting.method == "discriminant":
        strengths = [setting.strength]
        return discriminant.discriminants(classes.vectors, classes.codes, strengths, most)[0]
    start = principal(classes.vectors, by_gradient.DIRECTIONS)
    *_, last = by_gradient.contrastive(
        start, classes.vectors, classes.codes, setting.strength, setting.rounds
    )
    return last


def _mean(classes: Classes, map_: LinearMap) -> float:
    return float(_figures(classes, map_.apply(classes.vectors))[0].mean())


def _figures(classes: Classes, vectors: Floats) -> tuple[NDArray[np.float64], Keys]:
    """mAP@R of each query, and the groups of the queries."""
    rows = np.arange(len(vectors))
    split = some_queries(leave_one_out(rows, classes.contents, classes.groups), QUERIES)
    truth = Agreement(classes.codes[:, None])
    measured = measure(Ranker([View(vectors, None, "cosine")], split), split, truth, 10)
    return measured.values[METRIC], classes.groups[measured.queries]
