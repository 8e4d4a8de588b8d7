"""What images are made of: one row for each different sequence of bytes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from lookalike.store.cells import signed
from lookalike.store.database import Transaction
from lookalike.store.records import Space
from lookalike.types import Content

_SWEEP_CHUNK = 1000


def find(connection: sqlite3.Connection, sha256: bytes) -> int | None:
    """The number of the content with that hash, None if there is none."""
    row = connection.execute("SELECT content FROM contents WHERE sha256 = ?", (sha256,)).fetchone()
    return None if row is None else int(row[0])


def add(transaction: Transaction, content: Content) -> int:
    """The number of a content, made if it is new."""
    transaction.connection.execute(
        "INSERT INTO contents (sha256, size, width, height, format, phash) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING",
        (
            content.sha256,
            content.size,
            content.width,
            content.height,
            content.format,
            signed(content.phash),
        ),
    )
    number = find(transaction.connection, content.sha256)
    assert number is not None
    return number


def hashes_of_size(
    connection: sqlite3.Connection, space: Space, sizes: Iterable[int]
) -> dict[int, list[bytes]]:
    """The sha256 of contents of each size that have a vector in `space`; sizes of none left out."""
    found: dict[int, list[bytes]] = {}
    for size in sizes:
        rows = connection.execute(
            "SELECT sha256 FROM contents WHERE size = ? AND EXISTS "
            "(SELECT 1 FROM vectors WHERE space = ? AND vectors.content = contents.content)",
            (size, space.key),
        ).fetchall()
        if rows:
            found[size] = [sha256 for (sha256,) in rows]
    return found


def loosen(transaction: Transaction, content: int) -> None:
    """Note that a content lost an image; another may still take it up before the sweep."""
    transaction.connection.execute("INSERT OR IGNORE INTO loose (content) VALUES (?)", (content,))


def any_loose(connection: sqlite3.Connection) -> bool:
    """Whether there is something to sweep."""
    return connection.execute("SELECT 1 FROM loose LIMIT 1").fetchone() is not None


def sweep(transaction: Transaction) -> None:
    """Delete some loose contents that no image has, with their vectors and thumbnails."""
    connection = transaction.connection
    chunk = connection.execute("SELECT content FROM loose LIMIT ?", (_SWEEP_CHUNK,)).fetchall()
    connection.executemany(
        "DELETE FROM contents WHERE content = ? AND NOT EXISTS "
        "(SELECT 1 FROM images WHERE images.content = contents.content)",
        chunk,
    )
    connection.executemany("DELETE FROM loose WHERE content = ?", chunk)
