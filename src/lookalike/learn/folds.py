"""Parts of the data that take turns in being held out; what belongs together stays together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lookalike.types import Keys


def folds(units: Keys, count: int, seed: int = 0) -> Iterator[NDArray[np.bool_]]:
    """`count` flags (m,) of what is held out, of about equal size; fewer for fewer units.

    `units` (m,) number what stays together. Units are shuffled, then each goes to the fold
    that is smallest so far, the largest units first.
    """
    _, members, sizes = np.unique(units, return_inverse=True, return_counts=True)
    generator = np.random.default_rng(seed)
    shuffled = generator.permutation(len(sizes))
    places = np.empty(len(sizes), dtype=np.int64)
    held = np.zeros(min(count, len(sizes)), dtype=np.int64)
    for unit in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        places[unit] = np.argmin(held)
        held[places[unit]] += sizes[unit]
    for fold in range(len(held)):
        yield places[members] == fold
