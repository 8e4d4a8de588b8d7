"""Labels of contents in batches: given by people, or concluded from those; the last undone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from lookalike.store import derived
from lookalike.store.database import Transaction

Origin = Literal["given", "cluster", "propagated"]
ORIGINS: tuple[Origin, ...] = ("propagated", "cluster", "given")
"""Where a label came from; a later one of these goes before an earlier one."""
CHANCE, SOURCE = "_p", "_origin"
"""What is added to the name of a column for the chances of its labels, and their origin."""


@dataclass(frozen=True, slots=True)
class Label:
    """What a content is called, who says so, and the chance (0..1) that it is right."""

    label: str
    origin: Origin
    chance: float


def columns_of(name: str) -> list[str]:
    """The columns that the labels of a name fill."""
    return [name, name + CHANCE, name + SOURCE]


def names(connection: sqlite3.Connection) -> list[str]:
    """The columns that people label."""
    return [name for (name,) in connection.execute("SELECT DISTINCT name FROM labels")]


def current(connection: sqlite3.Connection, name: str) -> dict[int, Label]:
    """The label of each content: a given one before all others, of equal ones the last.

    Of what was propagated only the last time counts.
    """
    found: dict[int, Label] = {}
    (last,) = connection.execute(
        "SELECT max(batch) FROM labels WHERE name = ? AND origin = 'propagated'", (name,)
    ).fetchone()
    rows = connection.execute(
        "SELECT content, label, origin, chance FROM labels "
        "WHERE name = ? AND (origin <> 'propagated' OR batch = ?) ORDER BY batch",
        (name, last),
    )
    for content, label, origin, chance in rows:
        had = found.get(content)
        if had is None or ORIGINS.index(origin) >= ORIGINS.index(had.origin):
            found[content] = Label(label, origin, chance)
    return found


def add(
    transaction: Transaction, name: str, origin: Origin, rows: Mapping[int, tuple[str, float]]
) -> None:
    """Add a batch: a label and its chance by content; contents that are gone are passed over.

    When nothing could be propagated, what was propagated before goes for good.
    """
    connection = transaction.connection
    batch = _last(connection, name) + 1
    if origin == "propagated":  # of those before, only the last can be seen again, by undoing
        connection.execute(
            "DELETE FROM labels WHERE name = :name AND origin = 'propagated' AND (:none OR batch < "
            "(SELECT max(batch) FROM labels WHERE name = :name AND origin = 'propagated'))",
            {"name": name, "none": not rows},
        )
    connection.executemany(
        "INSERT INTO labels (name, batch, content, origin, label, chance) "
        "SELECT ?, ?, content, ?, ?, ? FROM contents WHERE content = ?",
        [
            (name, batch, origin, label, chance, content)
            for content, (label, chance) in rows.items()
        ],
    )
    _show(transaction, name)


def undo(transaction: Transaction, name: str) -> tuple[Origin, int] | None:
    """Take the last batch back: its origin and size; None when there is none."""
    connection = transaction.connection
    batch = _last(connection, name)
    row = connection.execute(
        "SELECT origin, count(*) FROM labels WHERE name = ? AND batch = ? GROUP BY origin",
        (name, batch),
    ).fetchone()
    if row is None:
        return None
    connection.execute("DELETE FROM labels WHERE name = ? AND batch = ?", (name, batch))
    _show(transaction, name)
    origin, count = row
    return origin, count


def _last(connection: sqlite3.Connection, name: str) -> int:
    row = connection.execute("SELECT coalesce(max(batch), 0) FROM labels WHERE name = ?", (name,))
    return int(row.fetchone()[0])


def _show(transaction: Transaction, name: str) -> None:
    """Make the derived columns what the labels are now."""
    found = current(transaction.connection, name)
    values: tuple[Iterable[tuple[int, list[str] | float]], ...] = (
        [(content, [one.label]) for content, one in found.items()],
        [(content, one.chance) for content, one in found.items()],
        [(content, [one.origin]) for content, one in found.items()],
    )
    for column, rows in zip(columns_of(name), values, strict=True):
        derived.drop(transaction, column)
        derived.put(transaction, column, rows)
