"""What changed since a data version: for those who keep a copy in step with the library."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lookalike.store import fields
from lookalike.store.column import Value
from lookalike.store.fields import Field
from lookalike.store.records import Space
from lookalike.store.vectors import layout
from lookalike.types import Keys, Stored

_LIVE = "SELECT key FROM images JOIN vectors USING (content) WHERE space = :space"
_CHANGED = (
    "SELECT key FROM images WHERE version > :since "
    "UNION SELECT key FROM images JOIN vectors USING (content) "
    "WHERE space = :space AND vectors.version > :since "
    "UNION SELECT key FROM retold WHERE version > :since "
    "UNION SELECT key FROM images JOIN derived USING (content) WHERE derived.version > :since"
)
# A derived column is taken out and put in anew: what has no value since may have had one.
_EMPTIED = (
    "SELECT key FROM images JOIN (SELECT DISTINCT name FROM derived WHERE version > :since) "
    "AS fresh WHERE NOT EXISTS (SELECT 1 FROM derived "
    "WHERE derived.name = fresh.name AND derived.content = images.content)"
)
_LOST = (
    f"SELECT key FROM tombstones WHERE version > :since AND key NOT IN ({_LIVE}) "  # noqa: S608
    "ORDER BY key"
)
_AMONG = "WHERE key IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class KnownRows:
    """Images of a space as they are: keys (m,) rising, vectors (m, ...), values by column."""

    keys: Keys
    vectors: Stored
    values: Sequence[Sequence[Value]]


def token(connection: sqlite3.Connection, version: int) -> str:
    """What tells a data version from that of a copy that went another way; "" without it."""
    row = connection.execute("SELECT token FROM commits WHERE version = ?", (version,)).fetchone()
    return "" if row is None else f"{row[0] & (1 << 64) - 1:016x}"


def history(connection: sqlite3.Connection) -> str:
    """What names the library: the token of its first write."""
    row = connection.execute("SELECT min(version) FROM commits").fetchone()
    return token(connection, row[0] or 0)


def changed(connection: sqlite3.Connection, space: Space, since: int) -> Keys:
    """Keys, rising, of the images of a space of which anything was written since a version."""
    told = f"{_LIVE} AND key IN ({_CHANGED} UNION {_EMPTIED})" if since else _LIVE
    rows = connection.execute(f"{told} ORDER BY key", {"space": space.key, "since": since})
    return np.fromiter((key for (key,) in rows), dtype=np.int64)


def lost(connection: sqlite3.Connection, space: Space, since: int) -> Keys:
    """Keys, rising, that a space had at a version and has no more."""
    rows = connection.execute(_LOST, {"space": space.key, "since": since})
    return np.fromiter((key for (key,) in rows), dtype=np.int64)


def known(
    connection: sqlite3.Connection, space: Space, keys: Keys, columns: Sequence[Field]
) -> KnownRows:
    """What there is of some images, by key; those that went meanwhile are left out."""
    among = json.dumps(keys.tolist())
    rows = connection.execute(
        "SELECT key, vector FROM images JOIN vectors USING (content) "
        "WHERE space = ? AND length(vector) = ? "
        "AND key IN (SELECT value FROM json_each(?)) ORDER BY key",
        (space.key, layout(space).size, among),
    ).fetchall()
    found = np.array([key for key, _ in rows], dtype=np.int64)
    vectors = layout(space).rows(b"".join(blob for _, blob in rows))
    told = []
    for column in columns:
        values = dict(fields.values(connection, column, _AMONG, among))
        told.append([values.get(key) for key in found.tolist()])
    return KnownRows(found, vectors, told)
