"""How far a mean over queries can be trusted: bootstrap intervals and paired tests.

Queries that belong together, such as the photos of one person, are drawn together: they say
less than as many that do not (a cluster bootstrap; Davison and Hinkley, "Bootstrap Methods
and their Application", 1997, section 3.8).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lookalike.evaluate.metrics import Doubles
from lookalike.evaluate.split import members_of
from lookalike.types import Keys

ROUNDS = 2000
FLIPS = 10_000
SEED = 0
LEVEL = 0.95
_CELLS = 4_000_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and the interval that holds it at the level asked for."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """How much the second mean is above the first, its interval, and how likely by chance."""

    value: float
    low: float
    high: float
    p: float


def bootstrap(
    values: Doubles, groups: Keys, *, level: float = LEVEL, rounds: int = ROUNDS, seed: int = SEED
) -> list[Estimate]:
    """The mean of each column of `values` (q, m), with its percentile interval.

    `groups` (q,) says what is drawn together; `MISSING` is drawn alone. With a single query
    or group nothing is known of the spread: the interval is then 0..1.
    """
    sums, sizes = _summed(values, groups)
    means = values.mean(axis=0)
    if len(sizes) < 2:
        return [Estimate(float(mean), 0.0, 1.0) for mean in means]
    generator = np.random.default_rng(seed)
    drawn = []
    for count in _chunks(rounds, len(sizes)):
        picks = generator.multinomial(len(sizes), np.full(len(sizes), 1 / len(sizes)), size=count)
        drawn.append((picks @ sums) / (picks @ sizes)[:, None])
    tail = (1 - level) / 2
    low, high = np.quantile(np.concatenate(drawn), [tail, 1 - tail], axis=0)
    return [Estimate(*map(float, row)) for row in zip(means, low, high, strict=True)]


def paired(
    first: Doubles, second: Doubles, groups: Keys, *, level: float = LEVEL, seed: int = SEED
) -> Difference:
    """The mean of `second` (q,) less that of `first` (q,), query by query.

    `p` is from a randomisation test that swaps the two within groups of queries at random
    (Smucker, Allan and Carterette, "A Comparison of Statistical Significance Tests for
    Information Retrieval Evaluation", 2007), two-sided, at least 1 / 10,001.
    """
    differences = second - first
    (interval,) = bootstrap(differences[:, None], groups, level=level, seed=seed)
    sums = _summed(differences[:, None], groups)[0][:, 0]
    if len(sums) < 2:
        return Difference(interval.value, -1.0, 1.0, 1.0)
    generator = np.random.default_rng(seed)
    observed = abs(sums.sum()) - 1e-12 * np.abs(sums).sum()
    extreme = 0
    for count in _chunks(FLIPS, len(sums)):
        signs = generator.integers(0, 2, size=(count, len(sums)), dtype=np.int8) * 2 - 1
        extreme += int((np.abs(signs @ sums) >= observed).sum())
    p = (extreme + 1) / (FLIPS + 1)
    return Difference(interval.value, interval.low, interval.high, p)


def holm(ps: Sequence[float]) -> list[float]:
    """p-values of several tests made at once, as Holm (1979) corrects them; in their order."""
    corrected = [0.0] * len(ps)
    highest = 0.0
    for rank, place in enumerate(np.argsort(ps, kind="stable")):
        highest = max(highest, min(1.0, ps[place] * (len(ps) - rank)))
        corrected[place] = highest
    return corrected


def _summed(values: Doubles, groups: Keys) -> tuple[Doubles, Doubles]:
    """Sums (g, m) and sizes (g,) of the groups of rows; a row without a group is one."""
    members, sizes = members_of(groups)
    sums = np.zeros((len(sizes), values.shape[1]))
    np.add.at(sums, members, values)
    return sums, sizes.astype(np.float64)


def _chunks(rounds: int, width: int) -> Iterator[int]:
    """`rounds` in parts that keep memory bounded."""
    step = max(1, _CELLS // max(1, width))
    for start in range(0, rounds, step):
        yield min(step, rounds - start)
