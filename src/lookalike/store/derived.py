"""Columns computed from what images show: words or a number for each content, until it goes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from lookalike.store.database import Transaction
from lookalike.store.records import Space
from lookalike.types import Scalar


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """The derived columns there are, and how many contents have a value in each."""
    return dict(connection.execute("SELECT name, count(*) FROM derived GROUP BY name"))


def lacking(
    connection: sqlite3.Connection, name: str, space: Space, limit: int
) -> list[tuple[int, bytes]]:
    """The next contents that have a vector in a space and no value in a column."""
    return connection.execute(
        "SELECT content, vector FROM vectors WHERE space = ? AND NOT EXISTS "
        "(SELECT 1 FROM derived WHERE name = ? AND derived.content = vectors.content) "
        "ORDER BY content LIMIT ?",
        (space.key, name, limit),
    ).fetchall()


def count_lacking(connection: sqlite3.Connection, name: str, space: Space) -> int:
    """How many contents have a vector in a space and no value in a column."""
    (count,) = connection.execute(
        "SELECT count(*) FROM vectors WHERE space = ? AND NOT EXISTS "
        "(SELECT 1 FROM derived WHERE name = ? AND derived.content = vectors.content)",
        (space.key, name),
    ).fetchone()
    return int(count)


def get(connection: sqlite3.Connection, name: str) -> dict[int, tuple[str, ...]]:
    """The words of each content in a column, by content."""
    rows = connection.execute(
        "SELECT content, value FROM derived WHERE name = ? ORDER BY content", (name,)
    )
    return {content: tuple(json.loads(value)) for content, value in rows}


def numbers(connection: sqlite3.Connection, name: str) -> dict[int, float]:
    """The number of each content in a column of numbers, by content."""
    rows = connection.execute("SELECT content, value FROM derived WHERE name = ?", (name,))
    return {content: float(value) for content, value in rows}


def plain(connection: sqlite3.Connection, name: str) -> dict[int, Scalar]:
    """The value of each content in a column, several words as one text."""
    rows = connection.execute("SELECT content, value FROM derived WHERE name = ?", (name,))
    found: dict[int, Scalar] = {}
    for content, value in rows:
        told = json.loads(value)
        found[content] = (", ".join(told) or None) if isinstance(told, list) else told
    return found


def put(
    transaction: Transaction, name: str, rows: Iterable[tuple[int, Sequence[str] | float | None]]
) -> None:
    """Store words, a number, or None for nothing; contents removed meanwhile are passed over."""
    transaction.connection.executemany(
        "INSERT OR REPLACE INTO derived (name, content, version, value) "
        "SELECT ?, content, ?, ? FROM contents WHERE content = ?",
        [(name, transaction.version, json.dumps(words), content) for content, words in rows],
    )


def drop(transaction: Transaction, name: str) -> None:
    """Remove a column."""
    transaction.connection.execute("DELETE FROM derived WHERE name = ?", (name,))
