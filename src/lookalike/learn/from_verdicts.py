"""Learns a map from verdicts; every verdict is held out once, to hold the map to its parent."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lookalike.errors import UsageError
from lookalike.evaluate.intervals import Difference
from lookalike.learn.folds import folds
from lookalike.learn.from_classes import Lesson, OnStep, Setting
from lookalike.learn.linear import LinearMap
from lookalike.learn.verdict_map import STRENGTHS, Verdicts, learn_verdicts
from lookalike.types import Floats, Keys

METHOD = "verdicts"
OUTER, INNER = 4, 3
LEAST = 10
"""Verdicts of each kind that are needed."""
ROUNDS = 1000
SEED = 0


def learn_from_verdicts(
    start: LinearMap,
    vectors: Floats,
    verdicts: Verdicts,
    on_step: OnStep = lambda _done, _of: None,
) -> Lesson:
    """The map that verdicts on pairs of rows of `vectors` (m, d) teach.

    The figure is the area under the ROC curve of the cosine, over verdicts that the map has
    not seen: in each of four parts in turn, the strength chosen on the other three. Raises
    `UsageError` for fewer than 10 good or bad verdicts.
    """
    good, bad = int(verdicts.good.sum()), int((~verdicts.good).sum())
    if min(good, bad) < LEAST:
        raise UsageError(
            f"{good:,} good and {bad:,} bad verdicts are too few: at least {LEAST} of each are "
            "needed. Judge more: lookalike judge."
        )
    scores = np.zeros(len(verdicts.good))
    for number, held in enumerate(_parts(verdicts.left, OUTER)):
        rest = verdicts.only(~held)
        strength = _best(_tried(start, vectors, rest), rest)
        scores[held] = _cosines(
            learn_verdicts(start, vectors, rest, strength), vectors, verdicts.only(held)
        )
        on_step(number + 1, OUTER + 1)
    tried = _tried(start, vectors, verdicts)
    best = _best(tried, verdicts)
    plain = _plain_cosines(vectors, verdicts)
    return Lesson(
        map=learn_verdicts(start, vectors, verdicts, best),
        setting=Setting(METHOD, best),
        tried={Setting(METHOD, strength): value for strength, value in tried.items()},
        figure="AUC of verdicts",
        before=area(plain, verdicts.good),
        after=area(scores, verdicts.good),
        difference=_difference(plain, scores, verdicts),
        held_out=len(scores),
    )


def area(scores: np.ndarray, good: np.ndarray) -> float:
    """The area under the ROC curve: how often a good pair scores above a bad one, ties half."""
    order = np.argsort(scores, kind="stable")
    _, first, counts = np.unique(scores[order], return_index=True, return_counts=True)
    middle = np.repeat(first + (counts + 1) / 2, counts)
    ranks = np.empty(len(scores))
    ranks[order] = middle
    goods, bads = good.sum(), (~good).sum()
    return float((ranks[good].sum() - goods * (goods + 1) / 2) / (goods * bads))


def _tried(start: LinearMap, vectors: Floats, verdicts: Verdicts) -> dict[float, float]:
    """The area of each strength over verdicts held out in turn."""
    found = {}
    for strength in STRENGTHS:
        scores = np.zeros(len(verdicts.good))
        for held in _parts(verdicts.left, INNER):
            learned = learn_verdicts(start, vectors, verdicts.only(~held), strength)
            scores[held] = _cosines(learned, vectors, verdicts.only(held))
        found[strength] = area(scores, verdicts.good)
    return found


def _best(tried: dict[float, float], verdicts: Verdicts) -> float:
    """The strength that holds most, of those within a standard error of the largest area.

    The rule of Breiman et al., "Classification and Regression Trees" (1984); a weaker hold
    fits the verdicts and loses what nobody was asked about. The error is bounded by that of
    a mean over the rarer kind of verdict.
    """
    largest = max(tried.values())
    rarer = min(verdicts.good.sum(), (~verdicts.good).sum())
    error = np.sqrt(largest * (1 - largest) / rarer)
    return max(strength for strength, found in tried.items() if found >= largest - error)


def _parts(queries: Keys, count: int) -> Iterator[np.ndarray]:
    """Flags of what is held out, whole queries at a time."""
    if len(np.unique(queries)) < count:
        queries = np.arange(len(queries))
    return folds(queries, count)


def _cosines(learned: LinearMap, vectors: Floats, verdicts: Verdicts) -> np.ndarray:
    left = learned.apply(vectors[verdicts.left])
    right = learned.apply(vectors[verdicts.right])
    cosines: np.ndarray = (left * right).sum(axis=1)
    return cosines


def _plain_cosines(vectors: Floats, verdicts: Verdicts) -> np.ndarray:
    cosines: np.ndarray = (vectors[verdicts.left] * vectors[verdicts.right]).sum(axis=1)
    return cosines


def _difference(before: np.ndarray, after: np.ndarray, verdicts: Verdicts) -> Difference:
    """A bootstrap over queries of how much the area grew; `p` is twice the smaller tail."""
    _, members = np.unique(verdicts.left, return_inverse=True)
    rows_of = [np.flatnonzero(members == query) for query in range(members.max() + 1)]
    generator = np.random.default_rng(SEED)
    grown = []
    for _ in range(ROUNDS):
        drawn = generator.integers(len(rows_of), size=len(rows_of))
        rows = np.concatenate([rows_of[query] for query in drawn])
        good = verdicts.good[rows]
        if good.all() or not good.any():
            continue
        grown.append(area(after[rows], good) - area(before[rows], good))
    differences = np.array(grown)
    low, high = np.quantile(differences, [0.025, 0.975])
    tail = float(min((differences <= 0).mean(), (differences >= 0).mean()))
    p = min(1.0, max(2 * tail, 1 / ROUNDS))
    value = area(after, verdicts.good) - area(before, verdicts.good)
    return Difference(float(value), float(low), float(high), float(p))
