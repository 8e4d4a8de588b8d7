"""What a space still lacks: images to be embedded, vectors of a parent to be mapped."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from lookalike.store.database import Transaction
from lookalike.store.records import Space
from lookalike.types import NO_IMAGE


def missing(connection: sqlite3.Connection, space: Space, after: int, limit: int) -> list[int]:
    """Keys of images without a vector in `space`, rising, the next `limit` after `after`."""
    rows = connection.execute(
        "SELECT key FROM images JOIN contents USING (content) WHERE key > ? AND format <> ? "
        "AND NOT EXISTS (SELECT 1 FROM vectors WHERE space = ? AND "
        "vectors.content = images.content) ORDER BY key LIMIT ?",
        (after, NO_IMAGE, space.key, limit),
    )
    return [key for (key,) in rows]


def blobs(
    connection: sqlite3.Connection, space: Space, after: int, limit: int
) -> list[tuple[int, bytes]]:
    """Contents and their vectors in `space`, the next `limit` after content `after`."""
    return connection.execute(
        "SELECT content, vector FROM vectors WHERE space = ? AND content > ? "
        "ORDER BY content LIMIT ?",
        (space.key, after, limit),
    ).fetchall()


def unmapped(
    connection: sqlite3.Connection, parent: Space, space: Space, limit: int
) -> list[tuple[int, bytes]]:
    """Contents with a vector in `parent` and none in `space`, with that vector."""
    return connection.execute(
        "SELECT content, vector FROM vectors AS parents WHERE space = ? AND NOT EXISTS "
        "(SELECT 1 FROM vectors WHERE space = ? AND vectors.content = parents.content) "
        "ORDER BY content LIMIT ?",
        (parent.key, space.key, limit),
    ).fetchall()


def put(transaction: Transaction, space: Space, rows: Iterable[tuple[int, bytes]]) -> int:
    """Store vectors by content, and say how many were new.

    Contents that have one, or were removed meanwhile, are passed over.
    """
    cursor = transaction.connection.executemany(
        "INSERT OR IGNORE INTO vectors (space, content, version, vector) "
        "SELECT ?, content, ?, ? FROM contents WHERE content = ?",
        [(space.key, transaction.version, blob, content) for content, blob in rows],
    )
    return max(0, cursor.rowcount)
