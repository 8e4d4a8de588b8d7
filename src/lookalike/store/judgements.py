"""Verdicts of people: is this image a match for that one, and which pairs were drawn to ask."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator

from lookalike.store.database import Transaction
from lookalike.store.records import Draw, Verdict


def put(transaction: Transaction, verdicts: Iterable[Verdict]) -> int:
    """Keep verdicts, a new one instead of an old one; returns how many were replaced."""
    connection, now, replaced = transaction.connection, int(time.time()), 0
    for verdict in verdicts:
        old = connection.execute(
            "SELECT verdict FROM judgements WHERE query = ? AND image = ?",
            (verdict.query, verdict.image),
        ).fetchone()
        replaced += old is not None and old[0] != verdict.verdict
        connection.execute(
            "INSERT OR REPLACE INTO judgements (query, image, verdict, judged) VALUES (?, ?, ?, ?)",
            (verdict.query, verdict.image, verdict.verdict, now),
        )
    return replaced


def delete(transaction: Transaction, query: str, image: str) -> bool:
    """Take a verdict back; whether there was one."""
    done = transaction.connection.execute(
        "DELETE FROM judgements WHERE query = ? AND image = ?", (query, image)
    )
    return done.rowcount > 0


def every(connection: sqlite3.Connection) -> Iterator[Verdict]:
    """All verdicts, by query and image."""
    rows = connection.execute("SELECT query, image, verdict FROM judgements ORDER BY 1, 2")
    for query, image, verdict in rows:
        yield Verdict(query, image, verdict)


def draw_chances(connection: sqlite3.Connection) -> dict[tuple[str, str], float]:
    """The chance with which each pair was drawn, the highest where it was drawn twice."""
    rows = connection.execute("SELECT query, image, max(chance) FROM draws GROUP BY query, image")
    return {(query, image): chance for query, image, chance in rows}


def add_draws(transaction: Transaction, universe: str, draws: Iterable[Draw]) -> int:
    """Note which pairs of a universe were drawn, as the next batch; returns its number."""
    connection = transaction.connection
    (last,) = connection.execute("SELECT coalesce(max(batch), 0) FROM draws").fetchone()
    connection.executemany(
        "INSERT INTO draws (batch, query, image, chance, universe) VALUES (?, ?, ?, ?, ?)",
        [(last + 1, draw.query, draw.image, draw.chance, universe) for draw in draws],
    )
    return int(last) + 1


def draws(connection: sqlite3.Connection, universe: str) -> list[list[Draw]]:
    """The batches drawn from a universe, oldest first."""
    batches: dict[int, list[Draw]] = {}
    rows = connection.execute(
        "SELECT batch, query, image, chance FROM draws WHERE universe = ? ORDER BY batch",
        (universe,),
    )
    for batch, query, image, chance in rows:
        batches.setdefault(batch, []).append(Draw(query, image, chance))
    return list(batches.values())
