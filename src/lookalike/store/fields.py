"""What can be asked of images by name: what images are, their metadata, what was derived."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from lookalike.store.cells import name_from
from lookalike.store.column import Value
from lookalike.types import NO_IMAGE, readable

Origin = Literal["image", "meta", "derived"]


@dataclass(frozen=True, slots=True, order=True)
class Field:
    """A column: `image` what every image has, `meta` what its source said, `derived` computed."""

    origin: Origin
    name: str


_SEEN = f"CASE WHEN format = '{NO_IMAGE}' THEN NULL ELSE {{}} END"
_IMAGE = {
    "id": ("id", ""),
    "label": ("label", ""),
    "source": ("sources.uri", "JOIN sources USING (source)"),
    "added": ("strftime('%Y-%m-%dT%H:%M:%SZ', images.added, 'unixepoch')", ""),
    "format": (_SEEN.format("format"), "JOIN contents USING (content)"),
    "width": (_SEEN.format("width"), "JOIN contents USING (content)"),
    "height": (_SEEN.format("height"), "JOIN contents USING (content)"),
    "size": (_SEEN.format("contents.size"), "JOIN contents USING (content)"),
}
IMAGE_FIELDS = tuple(Field("image", name) for name in _IMAGE)
_PLAIN = re.compile(r"[ !#-\[\]-~]+")


def fields(connection: sqlite3.Connection) -> list[Field]:
    """All columns: those of every image, then metadata and derived ones by name."""
    meta = connection.execute("SELECT name FROM meta_columns ORDER BY name").fetchall()
    derived = connection.execute("SELECT DISTINCT name FROM derived ORDER BY name").fetchall()
    return [
        *IMAGE_FIELDS,
        *(Field("meta", name) for (name,) in meta),
        *(Field("derived", name) for (name,) in derived),
    ]


def values(
    connection: sqlite3.Connection, field: Field, condition: str, parameter: int | str
) -> Iterator[tuple[int, Value]]:
    """Key and value of each image that a condition on `key`, with one parameter, leaves, by key."""
    match field.origin:
        case "image":
            value, join = _IMAGE[field.name]
            found = connection.execute(
                f"SELECT key, {value} FROM images {join} {condition} ORDER BY key",  # noqa: S608
                (parameter,),
            )
            if field.name == "source":
                return ((key, readable(name_from(cell))) for key, cell in found)
            return found
        case "meta":
            return _of_meta(connection, field.name, condition, parameter)
        case "derived":
            found = connection.execute(
                "SELECT key, value FROM images LEFT JOIN derived "  # noqa: S608
                f"ON derived.content = images.content AND name = ? {condition} ORDER BY key",
                (field.name, parameter),
            )
            return ((key, _of_derived(cell)) for key, cell in found)


def _of_derived(cell: str | None) -> Value:
    value = None if cell is None else json.loads(cell)
    return tuple(value) if isinstance(value, list) else value


def _of_meta(
    connection: sqlite3.Connection, name: str, condition: str, parameter: int | str
) -> Iterator[tuple[int, Value]]:
    """SQLite finds plain names itself; which others it finds depends on its version."""
    if not _PLAIN.fullmatch(name):
        rows = connection.execute(
            f"SELECT key, meta FROM images {condition} ORDER BY key",  # noqa: S608
            (parameter,),
        )
        return ((key, json.loads(meta).get(name)) for key, meta in rows)
    path = f'$."{name}"'
    typed = connection.execute(
        "SELECT key, json_type(meta, ?), json_extract(meta, ?) "  # noqa: S608
        f"FROM images {condition} ORDER BY key",
        (path, path, parameter),
    )
    return ((key, cell == 1 if type_ in {"true", "false"} else cell) for key, type_, cell in typed)
