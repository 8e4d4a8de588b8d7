"""Vectors as blobs of float16 or of packed bits: one for each content in each space."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import ModelError, UnknownIdError
from lookalike.store.database import Transaction
from lookalike.store.records import Space
from lookalike.types import Bits, Floats, Stored

_UNIT_TOLERANCE = 0.01
_ROUNDED = 0.001
"""By how much the length of a unit vector may be off once its values are float16."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the vector of one image lies in a blob, and a row in a matrix."""

    dtype: np.dtype[Any]
    columns: int

    @property
    def size(self) -> int:
        """Bytes of one vector."""
        return self.dtype.itemsize * self.columns

    def rows(self, data: bytes | bytearray) -> Stored:
        """Joined blobs as a matrix (n, columns)."""
        return np.frombuffer(data, dtype=self.dtype).reshape(-1, self.columns)


def layout(space: Space) -> Layout:
    """Little-endian float16 (dim,), or bytes of packed bits (ceil(dim / 8),)."""
    if space.of_bits:
        return Layout(np.dtype(np.uint8), -(-space.dim // 8))
    return Layout(np.dtype("<f2"), space.dim)


def to_blob(vector: Floats | Bits, space: Space) -> bytes:
    """A vector as the space keeps it; of unit length where the metric is cosine.

    (dim,) floats, or (ceil(dim / 8),) uint8 of packed bits, those beyond `dim` zero. One that
    a library has kept before, float16 of unit length, stays as it is to the last bit. Raises
    ModelError for another shape or type, and for what float16 cannot hold.
    """
    kept = layout(space)
    if vector.shape != (kept.columns,) or (vector.dtype == np.uint8) != space.of_bits:
        raise ModelError(
            f"A vector of {vector.dtype} {vector.shape} was offered to space {space.name!r}, "
            f"whose vectors are {kept.dtype} ({kept.columns},)."
        )
    return _bits_blob(vector, space) if space.of_bits else _halves_blob(vector, space)


def _bits_blob(vector: Stored, space: Space) -> bytes:
    if vector[-1] & _beyond(space):
        raise ModelError(
            f"A vector has bits beyond the {space.dim} of space {space.name!r}: they must be 0."
        )
    return vector.tobytes()


def _beyond(space: Space) -> int:
    """The places of the last byte that hold no bit: the lowest ones."""
    return (1 << -space.dim % 8) - 1


def _halves_blob(vector: Stored, space: Space) -> bytes:
    stored = layout(space).dtype
    values = vector.astype(np.float64)
    if space.metric == "cosine":
        length = float(np.linalg.norm(values))
        if not 0 < length < np.inf:
            raise ModelError(f"A vector of length {length} has no direction for the cosine.")
        if vector.dtype != stored or abs(length - 1) > _ROUNDED:
            values /= length
    if not np.abs(values).max(initial=0.0) <= np.finfo(stored).max:
        raise ModelError(
            "A vector has a value that is not finite or beyond 65504, the limit of the "
            "16-bit floats that a library keeps."
        )
    return values.astype(stored).tobytes()


def from_blob(blob: bytes, space: Space) -> Stored:
    """The vector that `to_blob` wrote, read-only."""
    return np.frombuffer(blob, dtype=layout(space).dtype)


def add(transaction: Transaction, space: Space, content: int, vector: Floats | Bits) -> None:
    """Store the vector of a content; one that is there stays."""
    transaction.connection.execute(
        "INSERT INTO vectors (space, content, version, vector) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (space, content) DO NOTHING",
        (space.key, content, transaction.version, to_blob(vector, space)),
    )


def get(connection: sqlite3.Connection, space: Space, key: int) -> Stored:
    """The vector of an image; raises UnknownIdError if it has none here."""
    row = connection.execute(
        "SELECT vector FROM images JOIN vectors USING (content) WHERE key = ? AND space = ?",
        (int(key), space.key),
    ).fetchone()
    if row is None:
        raise UnknownIdError(_absence(connection, space, key))
    return from_blob(row[0], space)


def _absence(connection: sqlite3.Connection, space: Space, key: int) -> str:
    """What is told where an image has no vector in a space: which spaces do have one."""
    rows = connection.execute(
        "SELECT id, name FROM images LEFT JOIN vectors USING (content) LEFT JOIN spaces "
        "USING (space) WHERE key = ? ORDER BY name",
        (int(key),),
    ).fetchall()
    if not rows:
        return "The image is not in the library any more."
    names = [name for _, name in rows if name is not None]
    there = (
        f"It has one in {', '.join(names)}: name that space, or search it from now on, with: "
        f"lookalike space default {names[0]}"
        if names
        else "Index it again."
    )
    return f"Image {rows[0][0]!r} has no vector in space {space.name!r}. {there}"


def damaged(connection: sqlite3.Connection, space: Space) -> list[int]:
    """The rowids of vectors that `to_blob` cannot have written.

    They have another length, values that are not finite, not the unit length of a cosine, or
    bits beyond `dim`.
    """
    found = []
    kept = layout(space)
    rows = connection.execute("SELECT rowid, vector FROM vectors WHERE space = ?", (space.key,))
    while chunk := rows.fetchmany(1000):
        whole = [(row, blob) for row, blob in chunk if len(blob) == kept.size]
        found += [row for row, blob in chunk if len(blob) != kept.size]
        bad = _impossible(kept.rows(b"".join(blob for _, blob in whole)), space)
        found += [whole[i][0] for i in np.flatnonzero(bad)]
    return found


def _impossible(values: Stored, space: Space) -> NDArray[np.bool_]:
    bad: NDArray[np.bool_]
    if space.of_bits:
        bad = (values[:, -1] & _beyond(space)) != 0
        return bad
    lengths = np.linalg.norm(values.astype(np.float64), axis=1)
    bad = ~np.isfinite(lengths)
    if space.metric == "cosine":
        bad |= np.abs(lengths - 1) > _UNIT_TOLERANCE
    return bad


def of_content(connection: sqlite3.Connection, space: Space, sha256: bytes) -> Stored | None:
    """The vector of the content with these bytes, None if there is none."""
    row = connection.execute(
        "SELECT vector FROM contents JOIN vectors USING (content) WHERE sha256 = ? AND space = ?",
        (sha256, space.key),
    ).fetchone()
    return None if row is None else from_blob(row[0], space)


def drop(transaction: Transaction, rowid: int) -> None:
    """Take out a damaged vector, and its rows out of every matrix made before now."""
    connection = transaction.connection
    connection.execute(
        "INSERT OR REPLACE INTO tombstones (key, version) SELECT key, ? FROM images "
        "JOIN vectors USING (content) WHERE vectors.rowid = ?",
        (transaction.version, rowid),
    )
    connection.execute("DELETE FROM vectors WHERE rowid = ?", (rowid,))
