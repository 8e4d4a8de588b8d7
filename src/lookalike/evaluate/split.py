"""Who asks and who answers: leave one out, or queries against a gallery, groups kept whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import UsageError
from lookalike.evaluate.truth import MISSING
from lookalike.types import Keys

SEED = 0
_ORDERS = 20
_STEPS = 50_000


@dataclass(frozen=True, slots=True)
class Split:
    """Rows that ask, rows that answer, and for each of n rows its content and its group.

    A query is never answered by itself, by a copy of itself, which has the same number in
    `contents` (n,), nor by a row of its own group; `MISSING` in `groups` (n,) is no group.
    """

    queries: Keys
    gallery: Keys
    contents: Keys
    groups: Keys

    def hidden(self, queries: Keys) -> NDArray[np.bool_]:
        """What of the gallery is no answer to each of `queries` (q,): bool (q, g)."""
        theirs, groups = self.groups[queries][:, None], self.groups[self.gallery][None, :]
        same = (theirs == groups) & (theirs != MISSING)
        mine, contents = self.contents[queries][:, None], self.contents[self.gallery][None, :]
        hidden: NDArray[np.bool_] = same | (mine == contents)
        return hidden


def leave_one_out(known: Keys, contents: Keys, groups: Keys) -> Split:
    """Every known row asks all the others."""
    return Split(known, known, contents, groups)


def by_flag(known: Keys, asks: NDArray[np.bool_], contents: Keys, groups: Keys) -> Split:
    """Known rows with the flag (n,) ask those without. Raises `UsageError` if a side is empty."""
    queries, gallery = known[asks[known]], known[~asks[known]]
    if not len(queries) or not len(gallery):
        raise UsageError(
            f"The split leaves {len(queries):,} queries and a gallery of {len(gallery):,} images: "
            "each side needs at least one."
        )
    return Split(queries, gallery, contents, groups)


def by_fraction(
    known: Keys, fraction: float, strata: Keys, contents: Keys, groups: Keys, seed: int = SEED
) -> Split:
    """A fraction of the known rows asks, of each stratum (n,) about the same fraction.

    Rows of one group go to one side together: groups are taken in random order while they
    bring the strata nearer to their fraction, and the best of several orders is kept. Without
    groups, at least one row of each stratum stays in the gallery. Raises `UsageError` for a
    fraction that is not between 0 and 1.
    """
    if not 0 < fraction < 1:
        raise UsageError(f"The fraction of queries must lie between 0 and 1; it is {fraction:g}.")
    generator = np.random.default_rng(seed)
    shuffled = generator.permutation(known)
    asks = np.zeros(len(groups), dtype=bool)
    if (groups[known] != MISSING).any():
        asks[_whole_groups(shuffled, fraction, strata, groups, generator)] = True
    else:
        for stratum in np.unique(strata[known]):
            rows = shuffled[strata[shuffled] == stratum]
            asks[rows[: min(round(fraction * len(rows)), len(rows) - 1)]] = True
    return by_flag(known, asks, contents, groups)


def leaks(split: Split, numbers: Keys) -> Keys:
    """Queries whose group or content, `numbers` (n,), stands in the gallery too."""
    mine = numbers[split.queries]
    found: Keys = split.queries[(mine != MISSING) & np.isin(mine, numbers[split.gallery])]
    return found


def some_queries(split: Split, most: int) -> Split:
    """The same split with `most` of its queries, drawn at random, if it has more."""
    if len(split.queries) <= most:
        return split
    drawn = np.random.default_rng(SEED).permutation(split.queries)[:most]
    return Split(np.sort(drawn), split.gallery, split.contents, split.groups)


def members_of(groups: Keys) -> tuple[Keys, Keys]:
    """The number of the group (n,) of each row, counted on from 0, and sizes (g,) of the groups.

    A row without a group, `MISSING`, is one of its own.
    """
    alone = groups == MISSING
    named = np.where(alone, groups.max(initial=0) + 1 + np.arange(len(groups)), groups)
    _, members, sizes = np.unique(named, return_inverse=True, return_counts=True)
    return members, sizes


def halves(split: Split) -> tuple[Split, Split]:
    """The queries in two halves, no group in both; the gallery is that of the whole."""
    generator = np.random.default_rng(SEED)
    members, sizes = members_of(split.groups[split.queries])
    order = generator.permutation(len(sizes))
    first = np.zeros(len(sizes), dtype=bool)
    first[order[np.cumsum(sizes[order]) <= len(members) / 2]] = True
    of_first = first[members]
    parts = (split.queries[of_first], split.queries[~of_first])
    one, other = (Split(part, split.gallery, split.contents, split.groups) for part in parts)
    return one, other


def _whole_groups(
    shuffled: Keys, fraction: float, strata: Keys, groups: Keys, generator: np.random.Generator
) -> Keys:
    """Rows of the groups that ask; a row without a group is a group of its own."""
    _, numbers = np.unique(strata[shuffled], return_inverse=True)
    alone = groups[shuffled] == MISSING
    named = np.where(alone, groups.max(initial=0) + 1 + np.arange(len(shuffled)), groups[shuffled])
    _, members, sizes = np.unique(named, return_inverse=True, return_counts=True)
    counts = np.zeros((len(sizes), numbers.max(initial=0) + 1))
    np.add.at(counts, (members, numbers), 1)
    wanted = fraction * counts.sum(axis=0)
    best, least = np.zeros(len(sizes), dtype=bool), np.inf
    for _ in range(max(1, min(_ORDERS, _STEPS // len(sizes)))):
        missing, taken = wanted.copy(), np.zeros(len(sizes), dtype=bool)
        for group in generator.permutation(len(sizes)):
            rest = missing - counts[group]
            if (rest**2).sum() < (missing**2).sum():
                missing, taken[group] = rest, True
        if (missing**2).sum() < least:
            best, least = taken, (missing**2).sum()
    chosen: Keys = shuffled[best[members]]
    return chosen
