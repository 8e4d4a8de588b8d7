"""The rows of a shard: one for each image offered, whatever became of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from lookalike.store.cells import location_cell, location_from, meta_cell, meta_from, plain
from lookalike.store.records import Space
from lookalike.store.vectors import layout, to_blob
from lookalike.types import (
    Content,
    Duplicate,
    Embedded,
    Outcome,
    Reference,
    Rejected,
    Stamp,
    Stored,
    Unchanged,
    location_uri,
    outcome_kind,
    readable,
)

PLAIN = ("id", "outcome", "uri", "location", "label", "meta", "format", "reason", "detail")
"""Columns that repeat themselves; hashes and vectors do not."""


def schema(space: Space) -> Any:
    """The columns of a shard whose vectors belong to a space, as a schema of pyarrow's."""
    import pyarrow as pa

    columns = layout(space).columns
    vector = pa.binary(columns) if space.of_bits else pa.list_(pa.float16(), columns)
    return pa.schema(
        [
            pa.field("place", pa.int64(), nullable=False),
            pa.field("id", pa.string(), nullable=False),
            pa.field("outcome", pa.string(), nullable=False),
            pa.field("uri", pa.string(), nullable=False),
            pa.field("location", pa.string(), nullable=False),
            pa.field("size", pa.int64()),
            pa.field("mtime_ns", pa.int64()),
            pa.field("label", pa.string()),
            pa.field("meta", pa.string()),
            pa.field("tells_label", pa.bool_()),
            pa.field("tells_meta", pa.bool_()),
            pa.field("sha256", pa.binary(32)),
            pa.field("bytes", pa.int64()),
            pa.field("width", pa.int32()),
            pa.field("height", pa.int32()),
            pa.field("format", pa.string()),
            pa.field("phash", pa.uint64()),
            pa.field("vector", vector),
            pa.field("thumbnail", pa.binary()),
            pa.field("reason", pa.string()),
            pa.field("detail", pa.string()),
        ]
    )


def to_table(placed: Sequence[tuple[int, Outcome]], space: Space) -> Any:
    """Outcomes with the place of each in the source, as a table of pyarrow's."""
    import pyarrow as pa

    rows = [_cells(place, outcome) for place, outcome in placed]
    names = schema(space)
    vectors = [outcome.vector if isinstance(outcome, Embedded) else None for _, outcome in placed]
    arrays = [
        _vector_array(vectors, space)
        if field.name == "vector"
        else pa.array([row.get(field.name) for row in rows], field.type)
        for field in names
    ]
    return pa.Table.from_arrays(arrays, schema=names)


def from_table(table: Any, space: Space) -> Iterator[tuple[int, Outcome]]:
    """What `to_table` wrote: places and outcomes; vectors are as the library keeps them."""
    rows = table.drop_columns(["vector"]).to_pylist()
    vectors = iter(_vectors(table, space))
    for row in rows:
        yield row["place"], _outcome(row, vectors)


def _cells(place: int, outcome: Outcome) -> dict[str, Any]:
    row: dict[str, Any] = {"place": place, "outcome": outcome_kind(outcome)}
    match outcome:
        case Rejected(id_, uri, reason, detail):
            told = {"reason": reason, "detail": plain(detail)}
            return row | told | {"id": id_, "uri": readable(uri), "location": json.dumps(uri)}
        case Embedded(content=content, thumbnail=thumbnail):
            row |= {
                "sha256": content.sha256,
                "bytes": content.size,
                "width": content.width,
                "height": content.height,
                "format": content.format,
                "phash": content.phash,
                "thumbnail": thumbnail,
            }
        case Duplicate(sha256=sha256):
            row["sha256"] = sha256
        case Unchanged():
            raise AssertionError("a shard begins with nothing, so nothing can be unchanged")
    reference, stamp = outcome.reference, outcome.stamp
    return row | {
        "id": reference.id,
        "uri": readable(location_uri(reference.location)),
        "location": location_cell(reference.location),
        "size": stamp.size,
        "mtime_ns": stamp.mtime_ns,
        "label": None if reference.label is None else plain(reference.label),
        "meta": meta_cell(reference.meta),
        "tells_label": reference.tells_label,
        "tells_meta": reference.tells_meta,
    }


def _outcome(row: dict[str, Any], vectors: Iterator[Stored]) -> Outcome:
    location = json.loads(row["location"])
    if row["outcome"] == "rejected":
        return Rejected(row["id"], location, row["reason"], row["detail"])
    where = location_from(row["location"])
    reference = Reference(
        row["id"],
        where,
        row["label"],
        meta_from(row["meta"]),
        tells_label=row["tells_label"],
        tells_meta=row["tells_meta"],
    )
    stamp = Stamp(row["size"], row["mtime_ns"])
    if row["outcome"] == "duplicate":
        return Duplicate(reference, stamp, row["sha256"])
    content = Content(
        row["sha256"], row["bytes"], row["width"], row["height"], row["format"], row["phash"]
    )
    return Embedded(reference, stamp, content, next(vectors), row["thumbnail"])


def _vector_array(vectors: Sequence[Stored | None], space: Space) -> Any:
    """Vectors just as a library would store them, null where there is none."""
    import pyarrow as pa

    kept = layout(space)
    blobs = [None if vector is None else to_blob(vector, space) for vector in vectors]
    if space.of_bits:
        return pa.array(blobs, pa.binary(kept.columns))
    values = kept.rows(b"".join(blob or bytes(kept.size) for blob in blobs)).ravel()
    missing = pa.array([blob is None for blob in blobs], pa.bool_())
    return pa.FixedSizeListArray.from_arrays(
        pa.array(values.astype(np.float16)), kept.columns, mask=missing
    )


def _vectors(table: Any, space: Space) -> Stored:
    """The vectors (m, ...) of those rows that have one."""
    column = table.column("vector").combine_chunks()
    kept = layout(space)
    if space.of_bits:
        return kept.rows(b"".join(column.drop_null().to_pylist()))
    values: Stored = column.flatten().to_numpy(zero_copy_only=False)
    return values.reshape(-1, kept.columns)
