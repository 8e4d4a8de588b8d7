"""Vectors as float16 blobs: one for each content in each space."""

from __future__ import annotations

import sqlite3

import numpy as np

from lookalike.errors import ModelError, UnknownIdError
from lookalike.store.database import Transaction
from lookalike.store.records import Space
from lookalike.types import Floats, Halves

STORED = np.dtype("<f2")
_UNIT_TOLERANCE = 0.01


def to_blob(vector: Floats, space: Space) -> bytes:
    """A (dim,) vector as little-endian float16; unit length where the metric is cosine.

    Raises ModelError for a wrong length and for what float16 cannot hold.
    """
    if vector.shape != (space.dim,):
        raise ModelError(
            f"A vector of shape {vector.shape} was offered to space {space.name!r}, "
            f"whose vectors have the shape ({space.dim},)."
        )
    values = vector.astype(np.float64)
    if space.metric == "cosine":
        length = float(np.linalg.norm(values))
        if not 0 < length < np.inf:
            raise ModelError(f"A vector of length {length} has no direction for the cosine.")
        values /= length
    if not np.abs(values).max(initial=0.0) <= np.finfo(STORED).max:
        raise ModelError(
            "A vector has a value that is not finite or beyond 65504, the limit of the "
            "16-bit floats that a library keeps."
        )
    return values.astype(STORED).tobytes()


def from_blob(blob: bytes) -> Halves:
    """The float16 vector that `to_blob` wrote, read-only."""
    return np.frombuffer(blob, dtype=STORED)


def add(transaction: Transaction, space: Space, content: int, vector: Floats) -> None:
    """Store the vector of a content; one that is there stays."""
    transaction.connection.execute(
        "INSERT INTO vectors (space, content, version, vector) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (space, content) DO NOTHING",
        (space.key, content, transaction.version, to_blob(vector, space)),
    )


def get(connection: sqlite3.Connection, space: Space, key: int) -> Halves:
    """The (dim,) float16 vector of an image; raises UnknownIdError if it has none here."""
    row = connection.execute(
        "SELECT vector FROM images JOIN vectors USING (content) WHERE key = ? AND space = ?",
        (int(key), space.key),
    ).fetchone()
    if row is None:
        raise UnknownIdError(
            f"Image number {key} has no vector in space {space.name!r}: index it in that space."
        )
    return from_blob(row[0])


def damaged(connection: sqlite3.Connection, space: Space) -> list[int]:
    """The rowids of vectors that are not `dim` finite numbers, or not a cosine's unit length."""
    found = []
    rows = connection.execute("SELECT rowid, vector FROM vectors WHERE space = ?", (space.key,))
    while chunk := rows.fetchmany(1000):
        whole = [(row, blob) for row, blob in chunk if len(blob) == space.dim * STORED.itemsize]
        found += [row for row, blob in chunk if len(blob) != space.dim * STORED.itemsize]
        values = from_blob(b"".join(blob for _, blob in whole)).reshape(-1, space.dim)
        lengths = np.linalg.norm(values.astype(np.float64), axis=1)
        bad = ~np.isfinite(lengths)
        if space.metric == "cosine":
            bad |= np.abs(lengths - 1) > _UNIT_TOLERANCE
        found += [whole[i][0] for i in np.flatnonzero(bad)]
    return found


def of_content(connection: sqlite3.Connection, space: Space, sha256: bytes) -> Halves | None:
    """The (dim,) float16 vector of the content with these bytes, None if there is none."""
    row = connection.execute(
        "SELECT vector FROM contents JOIN vectors USING (content) WHERE sha256 = ? AND space = ?",
        (sha256, space.key),
    ).fetchone()
    return None if row is None else from_blob(row[0])


def drop(transaction: Transaction, rowid: int) -> None:
    """Take out a damaged vector, and its rows out of every matrix made before now."""
    connection = transaction.connection
    connection.execute(
        "INSERT OR REPLACE INTO tombstones (key, version) SELECT key, ? FROM images "
        "JOIN vectors USING (content) WHERE vectors.rowid = ?",
        (transaction.version, rowid),
    )
    connection.execute("DELETE FROM vectors WHERE rowid = ?", (rowid,))
