"""Rejects: what was offered and could not be used, and why."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from lookalike.store.cells import name_cell, name_from, plain
from lookalike.store.database import Transaction
from lookalike.store.records import RejectRecord
from lookalike.types import Rejected


def put(transaction: Transaction, source: int, rejected: Rejected, seen_ns: int) -> None:
    """Note a reject, in the place of an earlier one of that id."""
    transaction.connection.execute(
        "INSERT OR REPLACE INTO rejects (id, source, uri, reason, detail, seen) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            rejected.id,
            source,
            name_cell(rejected.uri),
            rejected.reason,
            plain(rejected.detail),
            seen_ns,
        ),
    )


def delete(transaction: Transaction, id_: str) -> None:
    """Forget that an id was rejected."""
    transaction.connection.execute("DELETE FROM rejects WHERE id = ?", (id_,))


_ALL = (
    "SELECT id, sources.uri, rejects.uri, reason, detail, seen "
    "FROM rejects JOIN sources USING (source) "
)


def every(connection: sqlite3.Connection) -> Iterator[RejectRecord]:
    """All rejects, by id."""
    return _records(connection.execute(_ALL + "ORDER BY id"))


def some_after(
    connection: sqlite3.Connection, after: str, limit: int, reason: str | None
) -> Iterator[RejectRecord]:
    """The next `limit` rejects after an id, by id; of one reason, where it is given."""
    condition = "WHERE id > :after AND (:reason IS NULL OR reason = :reason) "
    found = {"after": after, "reason": reason, "limit": limit}
    return _records(connection.execute(_ALL + condition + "ORDER BY id LIMIT :limit", found))


def _records(rows: Iterable[tuple[Any, ...]]) -> Iterator[RejectRecord]:
    for id_, source, uri, reason, detail, seen in rows:
        yield RejectRecord(id_, name_from(source), name_from(uri), reason, detail, seen)


def ids_after(connection: sqlite3.Connection, source: int, after: str, limit: int) -> list[str]:
    """The next `limit` ids of rejects of a source, in order."""
    return [
        id_
        for (id_,) in connection.execute(
            "SELECT id FROM rejects WHERE source = ? AND id > ? ORDER BY id LIMIT ?",
            (source, after, limit),
        )
    ]
