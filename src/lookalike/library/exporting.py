"""A library as a static site: which images, and what is shown of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from lookalike.errors import UsageError
from lookalike.explore.map_columns import Legend, legend
from lookalike.search.filters.names import called_by, find_field, named_field
from lookalike.search.filters.resolve import filtered
from lookalike.share.site import OnStep, Published, SiteReport, check_directory, write_site
from lookalike.share.site_model import site_model
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Floats, Keys

MOST_COLUMNS = 8
_FIRST = ("label", "cluster")
_PRIVATE = ("id", "source", "added", "format", "size", "width", "height")
"""Columns that are published only when they are asked for."""


def export_site(
    store: Store,
    space: Space,
    directory: Path,
    thumbnail: Callable[[str], bytes | None],
    title: str | None,
    where: str | None,
    columns: Sequence[str] | None,
    with_model: bool,
    on_step: OnStep,
) -> SiteReport:
    """Write the site of a space's images, those that a filter leaves.

    Raises `UsageError`, `FilterError`, `UnknownNameError`.
    """
    check_directory(directory)
    if space.of_bits:
        raise UsageError(
            f"A site compares vectors of floats; space {space.name!r} is of bits. "
            "Name another one with --space."
        )
    model = site_model(space) if with_model else None
    vectors, keys = store.compact(space)
    facts = store.facts(("label",))
    known = np.isin(keys, facts.keys)
    if where is not None:
        known &= np.isin(keys, filtered(store.column_cache, where).keys)
    if not known.all():
        vectors, keys = vectors[known], keys[known]
    at = np.searchsorted(facts.keys, keys)
    ids = [facts.ids[row] for row in at]
    labels = [facts.values["label"][row] for row in at]
    published = Published(
        title=title or f"{len(ids):,} images",
        space=space.name,
        metric=space.metric,
        vectors=np.asarray(vectors),
        ids=ids,
        labels=[None if label is None else str(label) for label in labels],
        columns=_legends(store, keys, columns),
        points=_points(store, space, facts.contents[at]),
        picture=lambda row: thumbnail(ids[row]),
        model=model,
    )
    return write_site(directory, published, on_step)


def _legends(store: Store, keys: Keys, names: Sequence[str] | None) -> list[Legend]:
    """The columns named; without names, label, cluster and what the source and people added."""
    fields = store.column_cache.fields()
    if names is None:
        first = [find_field(name, fields) for name in _FIRST]
        others = [field for field in fields if field.name not in _PRIVATE]
        wanted = dict.fromkeys([*(field for field in first if field is not None), *others])
    else:
        wanted = dict.fromkeys(named_field(name, fields) for name in names)
    found: list[Legend] = []
    for field in wanted:
        values = store.values(field)
        made = legend(called_by(field, fields), [values.get(key) for key in keys.tolist()])
        if made is not None and (names is not None or _groups(made)):
            found.append(made)
    return found if names is not None else found[:MOST_COLUMNS]


def _groups(made: Legend) -> bool:
    """Whether the kinds that a legend names hold more images than all others together."""
    after = made.names[made.kinds : made.kinds + 1]
    others = made.kinds if after and after[0].endswith("more values") else -1
    named = np.count_nonzero(made.codes < made.kinds)
    return bool(named >= np.count_nonzero(made.codes == others))


def _points(store: Store, space: Space, contents: Keys) -> Floats | None:
    """Where each image lies on the map that the library keeps of a space, None without one."""
    layout = store.layout(space)
    if layout is None or not len(layout.contents):
        return None
    at = np.searchsorted(layout.contents, contents).clip(max=len(layout.contents) - 1)
    points = np.full((len(contents), 2), np.nan, dtype=np.float32)
    known = layout.contents[at] == contents
    points[known] = layout.points[at[known]]
    return points
