"""Maps: where each content lies in the plane, for each space that was laid out."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.store.database import Transaction
from lookalike.store.records import Space
from lookalike.types import Floats, Keys


@dataclass(frozen=True, slots=True)
class Layout:
    """A stored map: contents (n,), rising, and their points (n, 2) float32.

    `placed` (n,) is true for those that were put into a layout that was there already;
    `recipe` says how it was made, `made` when, in Unix seconds.
    """

    recipe: Mapping[str, object]
    made: int
    contents: Keys
    points: Floats
    placed: NDArray[np.bool_]


def get(connection: sqlite3.Connection, space: Space) -> Layout | None:
    """The map of a space as the library is now; None when it was never laid out."""
    found = connection.execute(
        "SELECT recipe, made FROM layouts WHERE space = ?", (space.key,)
    ).fetchone()
    if found is None:
        return None
    rows = connection.execute(
        "SELECT content, x, y, placed FROM positions WHERE space = ? ORDER BY content",
        (space.key,),
    ).fetchall()
    return Layout(
        recipe=json.loads(found[0]),
        made=found[1],
        contents=np.array([row[0] for row in rows], dtype=np.int64),
        points=np.array([row[1:3] for row in rows], dtype=np.float32).reshape(-1, 2),
        placed=np.array([row[3] for row in rows], dtype=np.bool_),
    )


def mark(connection: sqlite3.Connection, space: Space) -> str | None:
    """A text that changes when the map of a space does; None when it was never laid out."""
    row = connection.execute(
        "SELECT recipe, made, (SELECT count(*) FROM positions WHERE space = layouts.space) "
        "FROM layouts WHERE space = ?",
        (space.key,),
    ).fetchone()
    return None if row is None else " ".join(map(str, row))


def put(
    transaction: Transaction,
    space: Space,
    recipe: Mapping[str, object],
    contents: Keys,
    points: Floats,
) -> None:
    """Store a map in the place of the one before."""
    transaction.connection.execute("DELETE FROM layouts WHERE space = ?", (space.key,))
    transaction.connection.execute(
        "INSERT INTO layouts (space, recipe, made) VALUES (?, ?, ?)",
        (space.key, json.dumps(recipe), int(time.time())),
    )
    place(transaction, space, contents, points, placed=False)


def place(
    transaction: Transaction, space: Space, contents: Keys, points: Floats, *, placed: bool
) -> None:
    """Add points to a map; contents that were removed meanwhile are passed over."""
    rows = zip(contents.tolist(), points.tolist(), strict=True)
    transaction.connection.executemany(
        "INSERT OR REPLACE INTO positions (space, content, x, y, placed) "
        "SELECT ?, content, ?, ?, ? FROM contents WHERE content = ?",
        ((space.key, x, y, placed, content) for content, (x, y) in rows),
    )
