"""Maps as pages and pictures: the columns, labels and thumbnails of a library at its points."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from lookalike.explore.map_columns import Legend, legend
from lookalike.explore.map_neighbours import OnStep, no_step
from lookalike.explore.map_page import map_page
from lookalike.explore.map_picture import map_picture
from lookalike.explore.map_sprites import sprites
from lookalike.library.mapping import Map
from lookalike.search.filters.names import called_by, find_field, named_field
from lookalike.store.fields import Field
from lookalike.store.store import Store

Thumbnail: TypeAlias = Callable[[str], bytes | None]
MOST_COLUMNS = 16
_FIRST = ("label", "cluster")
_UNSHOWN = ("id", "added")


def page_of(
    store: Store,
    drawn: Map,
    colour: str | None,
    thumbnail: Thumbnail | None,
    on_step: OnStep | None = None,
) -> str:
    """The web page of a map, coloured by a column; by the label, or what there is, without one.

    `thumbnail` gives that of an id; without it the page has none.
    Raises `UnknownNameError`.
    """
    columns = _columns(store, drawn, colour)
    labels = store.values(Field("image", "label"))
    pictures = None
    if thumbnail is not None:
        ids, give = drawn.ids, thumbnail
        pictures = sprites(drawn.points, lambda row: give(ids[row]), on_step or no_step)
    return map_page(
        f"Map of {len(drawn.ids):,} images",
        _summary(drawn),
        drawn.ids,
        [None if (label := labels.get(key)) is None else str(label) for key in drawn.keys.tolist()],
        drawn.points,
        columns,
        pictures,
    )


def picture_of(drawn: Map, thumbnail: Thumbnail, on_step: OnStep | None = None) -> bytes:
    """The map as a PNG of thumbnails on a grid."""
    return map_picture(drawn.points, lambda row: thumbnail(drawn.ids[row]), on_step or no_step)


def _columns(store: Store, drawn: Map, colour: str | None) -> list[Legend]:
    """The column asked for, then label and cluster, then the others that differ between images."""
    fields = store.column_cache.fields()
    wanted: list[Field] = []
    if colour is not None:
        wanted.append(named_field(colour, fields))
    first = [find_field(name, fields) for name in _FIRST]
    others = [field for field in fields if field.name not in _UNSHOWN]
    wanted = list(dict.fromkeys([*wanted, *(one for one in first if one is not None), *others]))
    legends: list[Legend] = []
    for field in wanted:
        values = store.values(field)
        made = legend(called_by(field, fields), [values.get(key) for key in drawn.keys.tolist()])
        if made is not None:
            legends.append(made)
        if len(legends) == MOST_COLUMNS:
            break
    return legends


def _summary(drawn: Map) -> str:
    parts = [f"space {drawn.space}", f"by {drawn.method}"]
    if drawn.quality is not None:
        kept = drawn.quality
        parts.append(f"{kept.preservation:.0%} of the {kept.k} nearest are neighbours here too")
    return " · ".join(parts)
