"""What a filter leaves, column by column: values with their counts, numbers as a histogram."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.search.filters.names import called_by, named_field
from lookalike.search.filters.resolve import filtered, kind_among
from lookalike.store.column import Kind
from lookalike.store.column_cache import ColumnCache, Part
from lookalike.store.fields import Field
from lookalike.store.moments import NO_MOMENT, written
from lookalike.types import Keys

BINS = 24
MOST = 100
"""Values of a column that are counted one by one: those that most images have."""
_UNASKED = (Field("image", "id"), Field("image", "source"))


@dataclass(frozen=True, slots=True)
class Facet:
    """A column by the name that filters use, and which values the images left have.

    `values` are up to `MOST` values with the number of images, the most frequent first;
    `distinct` counts all there are, `missing` images without one. Of numbers and dates `low` and
    `high` are those of the whole library, and `bins` count the images left in equal steps between.
    """

    name: str
    kind: Kind
    distinct: int
    missing: int
    values: list[tuple[str, int]]
    low: float | str | None = None
    high: float | str | None = None
    bins: tuple[int, ...] = ()


def facets(
    columns: ColumnCache, where: str | None = None, names: Sequence[str] = ()
) -> tuple[int, list[Facet]]:
    """How many images a filter leaves, and the facets of the columns named, or of all but ids.

    Raises `FilterError`, `UnknownNameError`.
    """
    keys = None if where is None else filtered(columns, where).keys
    known = columns.fields()
    wanted = [named_field(name, known) for name in names] or [
        field for field in known if field not in _UNASKED
    ]
    parts = columns.parts(wanted)
    left = [_left(part, keys) for part in parts]
    images = sum(int(np.count_nonzero(some)) for some in left)
    made = [_facet(called_by(field, known), field, parts, left, images) for field in wanted]
    return images, made


def _left(part: Part, keys: Keys | None) -> NDArray[np.bool_]:
    live = np.ones(len(part.keys), dtype=bool) if part.live is None else part.live
    return live if keys is None else live & np.isin(part.keys, keys, assume_unique=True)


def _facet(
    name: str, field: Field, parts: list[Part], left: list[NDArray[np.bool_]], images: int
) -> Facet:
    kind = kind_among(field, parts)
    counted: Counter[str] = Counter()
    valued = 0
    for part, some in zip(parts, left, strict=True):
        column = part.columns[field]
        counts = column.counts(some)
        valued += int(counts.sum())
        texts = [*((word,) for word in column.words), *column.lists]
        for place in np.flatnonzero(counts).tolist():
            for word in texts[place]:
                counted[word] += int(counts[place])
    facet = Facet(name, kind, len(counted), images - valued, counted.most_common(MOST))
    if kind not in {"number", "date"}:
        return facet
    return _spread(facet, field, parts, left)


def _spread(facet: Facet, field: Field, parts: list[Part], left: list[NDArray[np.bool_]]) -> Facet:
    """A facet with the range of its numbers or moments, and how many are where in it."""
    values, counts = [], []
    low, high = np.inf, -np.inf
    for part, some in zip(parts, left, strict=True):
        column = part.columns[field]
        texts = np.where(column.dates == NO_MOMENT, np.nan, column.dates.astype(np.float64))
        others = np.full(len(column.lists), np.nan)
        numbers = np.concatenate(
            [column.booleans.astype(np.float64), column.ints, column.floats, texts, others]
        )
        there = np.isfinite(numbers)
        known = numbers[there & (column.counts(part.live) > 0)]
        if len(known):
            low, high = min(low, float(known.min())), max(high, float(known.max()))
        values.append(numbers[there])
        counts.append(column.counts(some)[there])
    if low > high:
        return facet
    half = high / 2 - low / 2  # the whole may be more than a float can hold
    steps = (np.concatenate(values) / 2 - low / 2) / half * BINS if half else np.zeros(1)
    places = np.clip(steps, 0, BINS - 1).astype(np.int64)
    weights = np.concatenate(counts) if half else [sum(int(count.sum()) for count in counts)]
    bins = np.bincount(places, weights, minlength=BINS)
    dates = facet.kind == "date"
    return Facet(
        facet.name,
        facet.kind,
        facet.distinct,
        facet.missing,
        [] if dates else facet.values,
        written(int(low)) if dates else low,
        written(int(high)) if dates else high,
        tuple(int(count) for count in bins),
    )
