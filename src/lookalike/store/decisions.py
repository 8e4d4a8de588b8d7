"""Decisions of people on pairs of images: not duplicates, or both to be kept."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence

from lookalike.store.database import Transaction

Pair = tuple[str, str]


def put(transaction: Transaction, verdict: str, pairs: Iterable[Sequence[str]]) -> int:
    """Keep one verdict on pairs of ids; returns how many pairs there were.

    It is about the bytes the two have now: once either has others, it no longer counts.
    """
    rows = [(verdict, int(time.time()), *sorted(pair)) for pair in pairs]
    done = transaction.connection.executemany(
        "INSERT OR REPLACE INTO decisions (first, second, first_sha256, second_sha256, verdict, "
        "decided) SELECT one.id, other.id, one_content.sha256, other_content.sha256, ?, ? "
        "FROM images AS one JOIN contents AS one_content USING (content), "
        "images AS other JOIN contents AS other_content ON other_content.content = other.content "
        "WHERE one.id = ? AND other.id = ?",
        rows,
    )
    return done.rowcount


def every(connection: sqlite3.Connection) -> dict[Pair, str]:
    """The verdicts that still count, by pair of ids, the lower id first."""
    rows = connection.execute(
        "SELECT first, second, verdict FROM decisions "
        "JOIN images AS one ON one.id = first JOIN contents AS one_content USING (content) "
        "JOIN images AS other ON other.id = second "
        "JOIN contents AS other_content ON other_content.content = other.content "
        "WHERE one_content.sha256 = first_sha256 AND other_content.sha256 = second_sha256"
    )
    return {(first, second): verdict for first, second, verdict in rows}
