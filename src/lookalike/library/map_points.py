"""The map of a library as it was laid out, for programs that draw it themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lookalike.explore.map_columns import Legend, coded_legend
from lookalike.search.filters.names import called_by, named_field
from lookalike.search.filters.resolve import filtered
from lookalike.store.column import Value
from lookalike.store.column_cache import Part
from lookalike.store.fields import Field
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Floats, Keys


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
        legends=_legends(store, columns, facts.keys[rows]),
        method=str(layout.recipe["method"]),
        made=layout.made,
        unplaced=unplaced,
    )


def _legends(store: Store, columns: Sequence[str], keys: Keys) -> list[Legend]:
    known = store.column_cache.fields()
    wanted = [named_field(name, known) for name in columns]
    parts = store.column_cache.parts(wanted)
    made = [coded_legend(called_by(one, known), *_coded(one, parts, keys)) for one in wanted]
    return [legend for legend in made if legend is not None]


def _coded(field: Field, parts: Sequence[Part], keys: Keys) -> tuple[list[Value], Keys]:
    """The values of a column, and which of them each image of `keys` (n,) has; -1 is none."""
    values: list[Value] = []
    codes = np.full(len(keys), -1, np.int64)
    for part in parts:
        column = part.columns[field]
        live = slice(None) if part.live is None else part.live
        places = np.searchsorted(keys, part.keys[live])
        there = np.append(keys, -1)[places] == part.keys[live]
        own = column.codes[live][there]
        codes[places[there]] = np.where(own < 0, -1, own + len(values))
        values += column.values
    return values, codes
