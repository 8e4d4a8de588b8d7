"""The map of a library as it was laid out, for programs that draw it themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lookalike.errors import UnknownNameError
from lookalike.explore.map_columns import Legend, legend
from lookalike.search.filters.names import called_by, find_field
from lookalike.search.filters.resolve import filtered
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Floats


@dataclass(frozen=True, slots=True)
class MapPoints:
    """Where images lie: `points` (n, 2) float32 of `ids` (n,), in the order of adding.

    `legends` are the columns asked for that have more than one value; `method` and `made`, in
    Unix seconds, say how and when it was laid out; `unplaced` counts images added since.
    """

    ids: list[str]
    points: Floats
    legends: list[Legend]
    method: str
    made: int
    unplaced: int


def map_points(
    store: Store, space: Space, where: str | None = None, columns: Sequence[str] = ()
) -> MapPoints | None:
    """The points of the images that a filter leaves; None when there is no map of the space.

    Raises `FilterError`, `UnknownNameError`.
    """
    layout = store.layout(space)
    if layout is None:
        return None
    facts = store.facts(())
    drawn = np.isin(facts.contents, layout.contents)
    unplaced = len(drawn) - int(np.count_nonzero(drawn))
    if where is not None:
        drawn &= np.isin(facts.keys, filtered(store.column_cache, where).keys)
    rows = np.flatnonzero(drawn)
    places = np.searchsorted(layout.contents, facts.contents[rows])
    return MapPoints(
        ids=[facts.ids[row] for row in rows],
        points=layout.points[places],
        legends=_legends(store, columns, facts.keys[rows].tolist()),
        method=str(layout.recipe["method"]),
        made=layout.made,
        unplaced=unplaced,
    )


def _legends(store: Store, columns: Sequence[str], keys: list[int]) -> list[Legend]:
    fields = store.column_cache.fields()
    found = []
    for name in columns:
        field = find_field(name, fields)
        if field is None:
            raise UnknownNameError("column", name, [called_by(one, fields) for one in fields])
        values = store.values(field)
        made = legend(called_by(field, fields), [values.get(key) for key in keys])
        if made is not None:
            found.append(made)
    return found
