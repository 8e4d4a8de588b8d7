"""Where files were moved out of the way, by which plan, and how far that went."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from lookalike.store.cells import name_cell, name_from
from lookalike.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Quarantine:
    """A folder of moved files; `state` is moving, done, undoing or undone; `made` Unix seconds."""

    folder: Path
    plan: str
    state: str
    made: int


def put(transaction: Transaction, folder: Path, plan: str, state: str) -> None:
    """Note a folder, or what has become of it."""
    transaction.connection.execute(
        "INSERT INTO quarantines (folder, plan, state, made) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (folder) DO UPDATE SET state = excluded.state",
        (name_cell(str(folder)), plan, state, time.time_ns() // 10**9),
    )


def every(connection: sqlite3.Connection) -> list[Quarantine]:
    """All of them, oldest first."""
    rows = connection.execute(
        "SELECT folder, plan, state, made FROM quarantines ORDER BY made, folder"
    )
    return [Quarantine(Path(name_from(folder)), *rest) for folder, *rest in rows]
