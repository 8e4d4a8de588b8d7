"""Short texts that a library keeps by name: what its owner chose."""

from __future__ import annotations

import sqlite3

from lookalike.store.database import Transaction


def get(connection: sqlite3.Connection, name: str) -> str | None:
    """What was kept under a name, None if nothing was."""
    row = connection.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def put(transaction: Transaction, name: str, value: str) -> None:
    """Keep a text under a name."""
    transaction.connection.execute(
        "INSERT OR REPLACE INTO state (name, value) VALUES (?, ?)", (name, value)
    )
