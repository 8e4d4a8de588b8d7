"""What to look for on behalf of many users: for each of their tastes one vector, by Rocchio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.search.combine import DISLIKED, LIKED
from lookalike.types import Floats, Keys, Metric

Doubles = NDArray[np.float64]
_NOTHING = 1e-6


@dataclass(frozen=True, slots=True)
class Centres:
    """A query (t, d) for each taste; its user, rising, its number, and how much is liked of it."""

    queries: Floats
    users: Keys
    numbers: Keys
    shares: Doubles


def centres(
    vectors: Floats, unit: Floats, owners: Keys, weights: Doubles, tastes: Keys, metric: Metric
) -> Centres:
    """The queries of all tastes, as `search.combine` makes them; what cancels out is left out.

    `unit` (r, d) are the `vectors` of the items at length 1; `weights` (r,) are below 0, and
    `tastes` (r,) -1, for those that are disliked. Each taste is the weighted mean of its items
    less a little of that of all that its user dislikes; a user who likes nothing is asked for
    the opposite of that, where the metric knows one.
    """
    users = int(owners.max(initial=-1)) + 1
    most = int(tastes.max(initial=0)) + 1
    liked = tastes >= 0
    nothing_liked = np.setdiff1d(owners, owners[liked])
    named, of = np.unique(
        np.concatenate([owners[liked] * most + tastes[liked], nothing_liked * most]),
        return_inverse=True,
    )
    of, askers = of[: np.count_nonzero(liked)], named // most
    shares = np.bincount(of, weights[liked], minlength=len(named))
    wide = LIKED * _means(unit[liked], weights[liked], of, len(named))
    wide -= DISLIKED * _means(unit[~liked], -weights[~liked], owners[~liked], users)[askers]
    lengths = np.linalg.norm(wide, axis=1)
    scale = np.ones(len(named))
    if metric != "cosine":
        own = np.linalg.norm(vectors[liked].astype(np.float64), axis=1)
        scale = _means(own[:, None], weights[liked], of, len(named))[:, 0]
    whole = (lengths >= _NOTHING) & (scale > 0)
    queries = wide[whole] * (scale[whole] / lengths[whole])[:, None]
    return Centres(queries.astype(np.float32), askers[whole], (named % most)[whole], shares[whole])


def _means(values: NDArray[Any], weights: Doubles, groups: Keys, count: int) -> Doubles:
    """The weighted mean (count, d) of the values (n, d) of each group; 0 for an empty one."""
    found = np.zeros((count, values.shape[1]))
    if len(groups):
        order = np.argsort(groups, kind="stable")
        firsts = np.flatnonzero(np.diff(groups[order], prepend=-1))
        sums = np.add.reduceat(values[order] * weights[order, None], firsts, axis=0)
        found[groups[order][firsts]] = sums / np.add.reduceat(weights[order], firsts)[:, None]
    return found
