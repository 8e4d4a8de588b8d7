"""What the reducers of a space learned: arrays kept with the space, as .npy bytes."""

from __future__ import annotations

import hashlib
import io
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lookalike.store.database import Transaction
from lookalike.store.records import Space

Arrays: TypeAlias = Mapping[str, NDArray[Any]]


def digest(arrays: Arrays) -> str:
    """The sha256 of named arrays; empty for a step that learned nothing."""
    if not arrays:
        return ""
    whole = hashlib.sha256()
    for name in sorted(arrays):
        whole.update(name.encode() + b"\0" + to_npy(arrays[name]))
    return whole.hexdigest()


def add(transaction: Transaction, space: Space, steps: Sequence[Arrays]) -> None:
    """Keep the arrays of each step of a new space."""
    transaction.connection.executemany(
        "INSERT OR IGNORE INTO learned (space, step, name, array) VALUES (?, ?, ?, ?)",
        [
            (space.key, step, name, to_npy(array))
            for step, arrays in enumerate(steps)
            for name, array in arrays.items()
        ],
    )


def get(connection: sqlite3.Connection, space: Space, step: int) -> dict[str, NDArray[Any]]:
    """The arrays of one step, as they were added."""
    rows = connection.execute(
        "SELECT name, array FROM learned WHERE space = ? AND step = ?", (space.key, step)
    )
    return {name: from_npy(array) for name, array in rows}


def to_npy(array: NDArray[Any]) -> bytes:
    """An array as the bytes of a .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def from_npy(data: bytes) -> NDArray[Any]:
    """The array of such bytes; nothing in them is run."""
    array: NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
    return array
