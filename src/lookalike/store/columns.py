"""Whole columns at once: the key of every image, and its value in each column asked for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from lookalike.errors import UnknownNameError
from lookalike.store.column import Value
from lookalike.store.fields import fields, values
from lookalike.types import Keys


@dataclass(frozen=True, slots=True)
class Columns:
    """Keys (n,), rising, and for each name the n values in that order."""

    keys: Keys
    values: Mapping[str, list[Value]]


def read(connection: sqlite3.Connection, names: Iterable[str]) -> Columns:
    """The columns of these names; raises UnknownNameError."""
    known = {field.name: field for field in fields(connection)}
    keys = [key for (key,) in connection.execute("SELECT key FROM images ORDER BY key")]
    found: dict[str, list[Value]] = {}
    for name in names:
        if name not in known:
            raise UnknownNameError("column", name, known)
        found[name] = [value for _, value in values(connection, known[name], "WHERE key > ?", 0)]
    return Columns(np.array(keys, dtype=np.int64), found)
