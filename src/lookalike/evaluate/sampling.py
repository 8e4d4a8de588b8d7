"""Which pairs to have judged, and what the verdicts say of all pairs: precision@k, cheaply.

Pairs are drawn with known chances, higher where the verdict is hard to guess, and spread over
the collection. The estimate is the mean guess over all pairs plus the mean error of the guess
on the drawn ones, each weighted by the inverse of its chance: unbiased whatever the guess is
worth, and the more precise the better it is. (The difference estimator of survey sampling:
Sarndal, Swensson and Wretman, "Model Assisted Survey Sampling", 1992, chapter 6; with guesses
learned as verdicts come in: Zrnic and Candes, "Active Statistical Inference", 2024.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np

from lookalike.evaluate.guess import fit_guess
from lookalike.evaluate.intervals import Estimate
from lookalike.evaluate.metrics import Doubles
from lookalike.evaluate.pairs import Pairs
from lookalike.types import Keys

FOLDS = 10
SURE_95 = 1.959964
_EVENLY = 0.1
"""The part of the chances that does not depend on the guess, lest a wrong one mislead."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Pairs drawn together: their numbers (b,), the chance of each, and verdicts 0..1.

    A verdict that was not given is NaN: what was answered is taken for a random part.
    """

    drawn: Keys
    chances: Doubles
    verdicts: Doubles

    @property
    def answered(self) -> Batch:
        """Only what was answered, with the chances of that."""
        given = ~np.isnan(self.verdicts)
        share = given.mean() if len(given) else 1.0
        return Batch(self.drawn[given], self.chances[given] * share, self.verdicts[given])


def draw(
    pairs: Pairs, judged: Keys, verdicts: Doubles, count: int, generator: np.random.Generator
) -> tuple[Keys, Doubles]:
    """Draw up to `count` pairs that are not judged yet: numbers and chances, in random order.

    Systematic sampling in proportion to the expected error of the guess, along an order in
    which pairs that lie near each other come near each other.
    """
    left = np.setdiff1d(np.arange(len(pairs)), judged)
    if not len(left):
        return left, np.empty(0)
    guesses = fit_guess(pairs, judged, verdicts)(left)
    errors = np.sqrt(guesses * (1 - guesses))
    sizes = (1 - _EVENLY) * errors / errors.mean() + _EVENLY
    chances = _chances(sizes, min(count, len(left)))
    shuffled = generator.permutation(len(left))
    order = np.lexsort((shuffled, guesses.round(1), *_region(pairs, left)))
    steps = np.cumsum(chances[order]) + generator.uniform() - 1e-9
    taken = order[np.diff(np.floor(steps), prepend=np.floor(steps[0] - chances[order[0]])) > 0]
    taken = generator.permutation(taken)
    return left[taken], chances[taken]


def estimate(
    pairs: Pairs, batches: Sequence[Batch], others: tuple[Keys, Doubles] | None = None
) -> Estimate:
    """The mean verdict over all pairs, with its 95 % interval, from batches in their order.

    `others` are verdicts on pairs that were not drawn: they count for their own pairs and help
    to guess. Each guess is made without the verdicts on the pair's own query. Nothing drawn
    and judged says nothing: 0..1.
    """
    given = [batch.answered for batch in batches]
    given = [batch for batch in given if len(batch.drawn)]
    extra = (np.empty(0, dtype=np.int64), np.empty(0)) if others is None else others
    known = np.concatenate([extra[0], *(batch.drawn for batch in given)])
    verdicts = np.concatenate([extra[1], *(batch.verdicts for batch in given)])
    if len(np.unique(known)) == len(pairs):
        value = float(verdicts.mean())
        return Estimate(value, value, value)
    if not given:
        return Estimate(0.5, 0.0, 1.0)
    guesses = _held_out(pairs, known, verdicts)
    guesses[extra[0]] = extra[1]
    judged = len(known) - len(extra[0])
    value = variance = 0.0
    for batch in given:
        errors = (batch.verdicts - guesses[batch.drawn]) / batch.chances
        weight = len(batch.drawn) / judged
        value += weight * (guesses.mean() + errors.sum() / len(pairs))
        variance += weight**2 * ((1 - batch.chances) * errors**2).sum() / len(pairs) ** 2
        guesses[batch.drawn] = batch.verdicts
    return _around(float(value), SURE_95 * sqrt(variance))


def for_all_queries(found: Estimate, asked: int, every: int) -> Estimate:
    """The interval where `asked` queries drawn at random stand for `every` query.

    Their means are taken to vary as much as single verdicts do, which is the most they can.
    """
    spread = found.value * (1 - found.value) / asked * (1 - asked / every)
    half = (found.high - found.low) / 2
    return _around(found.value, sqrt(half**2 + SURE_95**2 * max(0.0, spread)))


def _around(value: float, margin: float) -> Estimate:
    value = min(max(value, 0.0), 1.0)
    return Estimate(value, max(0.0, value - margin), min(1.0, value + margin))


def still_needed(found: Estimate, judged: int, width: float, population: int) -> int:
    """How many more verdicts an interval of +/- `width` will take, at about this spread."""
    now = (found.high - found.low) / 2
    if now <= width or judged >= population:
        return 0
    wanted = max(judged, 1) * (now / width) ** 2
    shrunk = wanted / (1 + (wanted - judged) / population)
    return min(ceil(shrunk) - judged, population - judged)


def _held_out(pairs: Pairs, judged: Keys, verdicts: Doubles) -> Doubles:
    """A guess for every pair, learned from the verdicts on other queries than its own."""
    fold = (pairs.queries * 2654435761 >> 7) % FOLDS
    guesses = np.empty(len(pairs))
    for number in range(FOLDS):
        mine = np.flatnonzero(fold == number)
        other = fold[judged] != number
        guesses[mine] = fit_guess(pairs, judged[other], verdicts[other])(mine)
    return guesses


def _chances(sizes: Doubles, count: int) -> Doubles:
    """Chances in proportion to sizes, none above 1, that add up to `count`."""
    certain = np.zeros(len(sizes), dtype=bool)
    while True:
        scale = (count - certain.sum()) / max(sizes[~certain].sum(), 1e-12)
        chances = np.where(certain, 1.0, sizes * scale)
        over = (chances > 1) & ~certain
        if not over.any():
            return chances.clip(0, 1)
        certain |= over


def _region(pairs: Pairs, left: Keys) -> list[Keys]:
    """Keys to sort pairs by: on which side of the main directions they lie."""
    return [
        (pairs.places[left, axis] > 0).astype(np.int64)
        for axis in range(7, -1, -1)
        if axis < pairs.places.shape[1]
    ]
