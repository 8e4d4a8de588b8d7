"""Tastes: what each of many users liked, grouped by what looks alike, all users at once."""

from __future__ import annotations

import numpy as np

from lookalike.explore.neighbours import unit_rows
from lookalike.index.blocks import Mask
from lookalike.reduce.unit import unit_length
from lookalike.types import Floats, Halves, Keys

MOST = 8
"""Tastes that one user has at most, unless more are asked for."""
CLUSTERED = 128
"""Of more liked items than these, the newest make the tastes and the others join them."""
_SAMPLE = 1000
_ALIKE = 0.8
_CELLS = 1 << 22


def alike(matrix: Halves) -> float:
    """The cosine above which two groups are one taste: one random pair in five exceeds it."""
    if len(matrix) < 3:
        return -1.0
    chance = np.random.default_rng(0).permutation(len(matrix))[:_SAMPLE]
    unit = unit_rows(matrix, np.sort(chance))
    return float(np.quantile((unit @ unit.T)[np.triu_indices(len(unit), 1)], _ALIKE))


def tastes_of(unit: Floats, owners: Keys, number: int | None, threshold: float) -> Keys:
    """The taste (r,) of each liked item, counted from 0 for each user.

    `unit` (r, d) are the items' vectors of length 1, `owners` (r,) their users, rising, the
    newest item of each last. `number` tastes are made, or as many as are less alike than
    `threshold`, at most `MOST`. Groups are merged by the mean cosine between them (average
    linkage), as PinnerSage does by Ward's method (Pal et al., 2020). The largest comes first.
    """
    codes = np.zeros(len(owners), dtype=np.int64)
    if number == 1 or not len(owners):
        return codes
    firsts = np.flatnonzero(np.diff(owners, prepend=-1))
    counts = np.diff(np.append(firsts, len(owners)))
    used = np.minimum(counts, CLUSTERED)
    widths = 1 << np.ceil(np.log2(used)).astype(np.int64)
    for width in np.unique(widths[used > 1]).tolist():
        some = np.flatnonzero((widths == width) & (used > 1))
        step = max(1, _CELLS // width**2)
        for start in range(0, len(some), step):
            part = some[start : start + step]
            lasts = firsts[part] + counts[part]
            places = lasts[:, None] - width + np.arange(width)
            there = np.arange(width) >= width - used[part][:, None]
            found = _merged(unit, np.where(there, places, 0), there, number, threshold)
            codes[places[there]] = found[there]
    for user in np.flatnonzero(counts > CLUSTERED).tolist():
        _join(unit, codes, firsts[user], firsts[user] + counts[user])
    return _largest_first(codes, owners)


def _merged(unit: Floats, places: Keys, there: Mask, number: int | None, threshold: float) -> Keys:
    """Groups (u, m) of the items in `places` (u, m) of which `there` says that they are any."""
    vectors = unit[places]
    totals = np.where(
        there[:, :, None] & there[:, None, :], vectors @ vectors.transpose(0, 2, 1), 0.0
    ).astype(np.float32)
    sizes = there.astype(np.float32)
    users, width = there.shape
    itself = np.eye(width, dtype=np.bool_)
    means = np.where(there[:, :, None] & there[:, None, :] & ~itself, totals, -np.inf)
    codes = np.broadcast_to(np.arange(width), (users, width)).copy()
    groups = there.sum(axis=1)
    active = np.arange(users)
    while len(active):
        flat = means.reshape(len(means), -1)
        best = flat.argmax(axis=1)
        if number is None:
            goes_on = (flat[np.arange(len(flat)), best] >= threshold) | (groups > MOST)
        else:
            goes_on = groups > number
        goes_on &= groups > 1
        if not goes_on.all():
            active, best, groups = active[goes_on], best[goes_on], groups[goes_on]
            means, totals, sizes = means[goes_on], totals[goes_on], sizes[goes_on]
        one = np.arange(len(active))
        keep, gone = np.divmod(best, width)
        totals[one, keep] += totals[one, gone]
        totals[one, :, keep] += totals[one, :, gone]
        sizes[one, keep] += sizes[one, gone]
        sizes[one, gone] = 0
        groups -= 1
        usable = (sizes > 0) & ~itself[keep]
        pairs = np.maximum(sizes * sizes[one, keep][:, None], 1)
        joined = np.where(usable, totals[one, keep] / pairs, -np.inf)
        means[one, keep] = means[one, :, keep] = joined
        means[one, gone] = means[one, :, gone] = -np.inf
        members = codes[active]
        codes[active] = np.where(members == gone[:, None], keep[:, None], members)
    return codes


def _join(unit: Floats, codes: Keys, start: int, stop: int) -> None:
    """Give the older items of one user the taste of the nearest mean."""
    newer = slice(stop - CLUSTERED, stop)
    names = np.unique(codes[newer])
    means = np.stack([unit[newer][codes[newer] == name].mean(axis=0) for name in names])
    older = slice(start, stop - CLUSTERED)
    codes[older] = names[(unit[older] @ unit_length(means).T).argmax(axis=1)]


def _largest_first(codes: Keys, owners: Keys) -> Keys:
    """The same groups, numbered from 0 for each user, the largest first."""
    high = int(codes.max(initial=0)) + 1
    named, of, sizes = np.unique(owners * high + codes, return_inverse=True, return_counts=True)
    users = named // high
    order = np.lexsort((named, -sizes, users))
    ranks = np.empty(len(named), dtype=np.int64)
    sorted_users = users[order]
    ranks[order] = np.arange(len(named)) - np.searchsorted(sorted_users, sorted_users)
    return ranks[of]
