"""What of a library can be recommended: one image of each content, and its popularity."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lookalike.errors import UsageError
from lookalike.explore.recommend import Shelf
from lookalike.explore.tastes import alike
from lookalike.search.allowed import rows_of
from lookalike.search.filters.resolve import filtered
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Floats, Keys, Scalar


@dataclass(frozen=True, slots=True)
class Shelved:
    """A shelf, the `keys` (n,) of its rows, and for each the row that stands for its content."""

    shelf: Shelf
    keys: Keys
    same: Keys


def shelve(
    store: Store, space: Space, where: str | None, popularity: str | None, weight: float
) -> Shelved:
    """The images of a space. Raises `UsageError`, `FilterError`, `UnknownNameError`."""
    if space.of_bits:
        raise UsageError(
            f"Space {space.name!r} holds bits, which have no mean: recommend in one of floats, "
            "with --space."
        )
    matrix, keys = store.compact(space)
    usable = np.ones(len(keys), dtype=np.bool_)
    if where is not None:
        usable = np.isin(keys, filtered(store.column_cache, where).keys)
    same = np.arange(len(keys))
    for copies in store.copies().values():
        rows = rows_of(np.array(copies), keys)
        if len(rows) > 1:
            same[rows] = next((row for row in rows if usable[row]), rows[0])
            usable[rows] &= rows == same[rows]
    bonus = None
    if popularity is not None and weight:
        facts = store.facts([popularity]).only(keys)
        bonus = np.float32(weight) * _percentiles(popularity, facts.values[popularity])
    unit = bool(space.recipe["normalised"])
    return Shelved(Shelf(matrix, usable, space.metric, unit, alike(matrix), bonus), keys, same)


def _percentiles(name: str, values: list[Scalar]) -> Floats:
    """For each value the share of the known ones that are lower, half of equal ones; else 0."""
    numbers = np.array([_number(value) for value in values], dtype=np.float64)
    known = np.sort(numbers[np.isfinite(numbers)])
    if not len(known):
        raise UsageError(f"Column {name!r} holds no number, so it says nothing of popularity.")
    below, up_to = (np.searchsorted(known, numbers, side) for side in ("left", "right"))
    shares = np.where(np.isfinite(numbers), (below + up_to) / (2 * len(known)), 0.0)
    return shares.astype(np.float32)


def _number(value: Scalar) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    return float(value)
