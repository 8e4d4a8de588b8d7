"""From the text of a filter to the images it leaves."""

from __future__ import annotations

import time
from dataclasses import dataclass

from lookalike.search.filters.check import check
from lookalike.search.filters.evaluate import matching
from lookalike.search.filters.names import find, leaves
from lookalike.search.filters.parse import parse
from lookalike.search.filters.syntax import Name
from lookalike.search.filters.typed import Condition
from lookalike.store.column import Kind, kind_of
from lookalike.store.column_cache import ColumnCache, Part
from lookalike.store.fields import Field
from lookalike.types import Keys


@dataclass(frozen=True, slots=True)
class Filtered:
    """The keys (m,), rising, of the images that a filter leaves, of `images` in the library."""

    keys: Keys
    images: int
    condition: Condition
    seconds: float


def filtered(columns: ColumnCache, text: str) -> Filtered:
    """The images that a filter leaves. Raises `FilterError` for one that makes no sense."""
    began = time.perf_counter()
    condition, parts = conditioned(columns, text)
    keys = matching(condition, parts)
    images = sum(part.count for part in parts)
    return Filtered(keys, images, condition, time.perf_counter() - began)


def conditioned(columns: ColumnCache, text: str) -> tuple[Condition, list[Part]]:
    """What a filter asks of the columns it names, and these. Raises `FilterError`."""
    tree = parse(text)
    known = columns.fields()
    fields = {leaf.name: find(leaf.name, known, text) for leaf in leaves(tree)}
    parts = columns.parts(dict.fromkeys(fields.values()))
    kinds = {field: kind_among(field, parts) for field in fields.values()}

    def typed(name: Name) -> tuple[Field, Kind]:
        return fields[name], kinds[fields[name]]

    return check(tree, typed, text), parts


def kind_among(field: Field, parts: list[Part]) -> Kind:
    """The kind of a column, by the values that images have now."""
    return kind_of({kind for part in parts for kind in part.columns[field].kinds(part.live)})
