"""Spaces: recipes by name; two recipes never meet under one name."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping

from lookalike.errors import RecipeMismatchError, UnknownNameError, UsageError
from lookalike.store.database import Transaction
from lookalike.store.records import Space
from lookalike.types import Metric

_COLUMNS = "SELECT space, name, recipe, fingerprint, dim, metric, created FROM spaces "


def every(connection: sqlite3.Connection) -> list[Space]:
    """All spaces, oldest first."""
    return [_space(row) for row in connection.execute(_COLUMNS + "ORDER BY space")]


def find(connection: sqlite3.Connection, name: str) -> Space | None:
    """The space of that name, None if there is none."""
    row = connection.execute(_COLUMNS + "WHERE name = ?", (name,)).fetchone()
    return None if row is None else _space(row)


def get(connection: sqlite3.Connection, name: str) -> Space:
    """The space of that name; raises UnknownNameError with the nearest names."""
    space = find(connection, name)
    if space is None:
        raise UnknownNameError("space", name, (other.name for other in every(connection)))
    return space


def default(connection: sqlite3.Connection) -> Space | None:
    """The space that is meant when none is named: the first that was added, unless changed."""
    row = connection.execute("SELECT value FROM state WHERE name = 'default_space'").fetchone()
    return None if row is None else find(connection, str(row[0]))


def set_default(transaction: Transaction, name: str) -> None:
    """Make the space of that name the one that is meant when none is named."""
    get(transaction.connection, name)
    transaction.connection.execute(
        "INSERT OR REPLACE INTO state (name, value) VALUES ('default_space', ?)", (name,)
    )


def add(
    transaction: Transaction,
    name: str,
    recipe: Mapping[str, object],
    fingerprint: str,
    *,
    dim: int,
    metric: Metric,
) -> Space:
    """The space of that name, made if it is new; raises RecipeMismatchError if it differs.

    Raises UsageError for a name that nobody could see or write.
    """
    if not name or name != name.strip() or not name.isprintable():
        raise UsageError(f"A space needs a name that can be read, not {name!r}.")
    connection = transaction.connection
    old = find(connection, name)
    if old is not None:
        _refuse_another_recipe(old, recipe, fingerprint, dim, metric)
        return old
    connection.execute(
        "INSERT INTO spaces (name, recipe, fingerprint, dim, metric, created) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (name, json.dumps(recipe), fingerprint, dim, metric, int(time.time())),
    )
    if default(connection) is None:
        set_default(transaction, name)
    return get(connection, name)


def droppable(connection: sqlite3.Connection, name: str) -> Space:
    """The space of that name; raises UnknownNameError, UsageError for the default one."""
    space = get(connection, name)
    chosen = default(connection)
    if chosen is not None and chosen.key == space.key:
        raise UsageError(
            f"{name!r} is the default space: make another the default first, "
            "with: lookalike space default NAME"
        )
    return space


def drop(transaction: Transaction, name: str) -> None:
    """Remove a space and its vectors; raises as `droppable` does."""
    space = droppable(transaction.connection, name)
    for table in ("vectors", "learned", "spaces"):
        transaction.connection.execute(
            f"DELETE FROM {table} WHERE space = ?",  # noqa: S608  three fixed names
            (space.key,),
        )


def _space(row: tuple[int, str, str, str, int, Metric, int]) -> Space:
    key, name, recipe, fingerprint, dim, metric, created = row
    return Space(key, name, json.loads(recipe), fingerprint, dim, metric, created)


def _refuse_another_recipe(
    old: Space, recipe: Mapping[str, object], fingerprint: str, dim: int, metric: Metric
) -> None:
    if (old.fingerprint, old.dim, old.metric) == (fingerprint, dim, metric):
        return
    differing = differences(
        {**old.recipe, "dim": old.dim, "metric": old.metric},
        {**recipe, "dim": dim, "metric": metric},
    ) or [f"fingerprint was {old.fingerprint!r} and is now {fingerprint!r}"]
    raise RecipeMismatchError(
        f"The vectors of space {old.name!r} were made with another recipe: "
        f"{'; '.join(differing)}. Vectors of two recipes cannot be compared: "
        "use the old recipe, or give the new one a space of its own."
    )


def differences(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    """What differs between two recipes, a sentence each."""
    before, after = dict(_flat(old)), dict(_flat(new))
    return [
        f"{part} was {before.get(part, 'absent')!r} and is now {after.get(part, 'absent')!r}"
        for part in sorted(before.keys() | after.keys())
        if before.get(part) != after.get(part)
    ]


def _flat(recipe: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in json.loads(json.dumps(recipe)).items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
