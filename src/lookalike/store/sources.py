"""Where images came from: one row for each folder, table, archive or list."""

from __future__ import annotations

import sqlite3
import time

from lookalike.store.cells import name_cell
from lookalike.store.database import Transaction


def find(connection: sqlite3.Connection, uri: str) -> int | None:
    """The number of a source, None if nothing was ever added from it."""
    row = connection.execute(
        "SELECT source FROM sources WHERE uri = ?", (name_cell(uri),)
    ).fetchone()
    return None if row is None else int(row[0])


def add(transaction: Transaction, uri: str) -> int:
    """The number of a source, made if it is new."""
    transaction.connection.execute(
        "INSERT INTO sources (uri, added) VALUES (?, ?) ON CONFLICT (uri) DO NOTHING",
        (name_cell(uri), int(time.time())),
    )
    source = find(transaction.connection, uri)
    assert source is not None
    return source
