"""Classifiers: how each was made, how good it is, the arrays it consists of, its column."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from lookalike.errors import UnknownNameError
from lookalike.store.database import Transaction
from lookalike.store.learned import Arrays, from_npy, to_npy
from lookalike.store.records import ClassifierRecord

_COLUMNS = "SELECT name, recipe, figures, target, made FROM classifiers "


def every(connection: sqlite3.Connection) -> list[ClassifierRecord]:
    """All classifiers, by name."""
    return [_record(row) for row in connection.execute(_COLUMNS + "ORDER BY name")]


def get(connection: sqlite3.Connection, name: str) -> ClassifierRecord:
    """The classifier of that name; raises UnknownNameError with the nearest names."""
    row = connection.execute(_COLUMNS + "WHERE name = ?", (name,)).fetchone()
    if row is None:
        known = connection.execute("SELECT name FROM classifiers").fetchall()
        raise UnknownNameError("classifier", name, (other for (other,) in known))
    return _record(row)


def arrays(connection: sqlite3.Connection, name: str) -> dict[str, NDArray[Any]]:
    """The arrays of a classifier, as they were put."""
    rows = connection.execute(
        "SELECT name, array FROM classifier_arrays WHERE classifier = ?", (name,)
    )
    return {array: from_npy(data) for array, data in rows}


def put(
    transaction: Transaction,
    name: str,
    recipe: Mapping[str, object],
    figures: Mapping[str, object],
    arrays_: Arrays,
) -> None:
    """Keep a classifier in the place of one of that name, whose column it takes over."""
    connection = transaction.connection
    connection.execute(
        "INSERT INTO classifiers (name, recipe, figures, made) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (name) DO UPDATE SET recipe = excluded.recipe, "
        "figures = excluded.figures, made = excluded.made",
        (name, json.dumps(recipe), json.dumps(figures), int(time.time())),
    )
    connection.execute("DELETE FROM classifier_arrays WHERE classifier = ?", (name,))
    connection.executemany(
        "INSERT INTO classifier_arrays (classifier, name, array) VALUES (?, ?, ?)",
        [(name, array, to_npy(value)) for array, value in arrays_.items()],
    )


def set_target(transaction: Transaction, name: str, column: str) -> None:
    """Note the column that a classifier fills."""
    transaction.connection.execute(
        "UPDATE classifiers SET target = ? WHERE name = ?", (column, name)
    )


def drop(transaction: Transaction, name: str) -> None:
    """Remove a classifier; its column is removed by the caller."""
    for table, column in (("classifier_arrays", "classifier"), ("classifiers", "name")):
        transaction.connection.execute(
            f"DELETE FROM {table} WHERE {column} = ?",  # noqa: S608  two fixed names
            (name,),
        )


def _record(row: tuple[str, str, str, str | None, int]) -> ClassifierRecord:
    name, recipe, figures, target, made = row
    return ClassifierRecord(name, json.loads(recipe), json.loads(figures), target, made)
