"""Remembers what a source has offered, in flat memory however much that is."""

from __future__ import annotations

import sqlite3
from hashlib import blake2b
from typing import NamedTuple

from lookalike.errors import StorageFullError


class Earlier(NamedTuple):
    """The first offer under an id, and how far a later one agrees with it."""

    number: int
    same_place: bool
    same_values: bool


class Seen:
    """Ids with 16-byte hashes in a temporary database, which spills to disk when it grows.

    Close it when done, best with `contextlib.closing`.
    """

    def __init__(self) -> None:
        # A source may be iterated in one thread and closed in another, never in two at once.
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA cache_size = -16000")
        self._db.execute(
            "CREATE TABLE seen (id BLOB PRIMARY KEY, place BLOB, row BLOB, number INTEGER)"
            " WITHOUT ROWID"
        )
        self._db.execute("BEGIN")

    def earlier(self, id: str, number: int, place: str, values: str = "") -> Earlier | None:  # noqa: A002
        """Note an offer; None when its id is new, else the first offer under that id.

        `number` is its line, row or place in the order; `place` says where the image lies.
        Raises `StorageFullError` when the temporary folder is full.
        """
        key = _hash(id)
        try:
            added = self._db.execute(
                "INSERT OR IGNORE INTO seen VALUES (?, ?, ?, ?)",
                (key, _hash(place), _hash(values), number),
            )
        except sqlite3.OperationalError as error:
            raise StorageFullError(
                f"No room for the list of ids in the temporary folder ({error}). "
                "Free some, or set TMPDIR to a folder with more."
            ) from error
        return None if added.rowcount else self._found(key, place, values)

    def find(self, id: str, place: str = "", values: str = "") -> Earlier | None:  # noqa: A002
        """The offer that was noted under that id; notes nothing."""
        return self._found(_hash(id), place, values)

    def _found(self, key: bytes, place: str, values: str) -> Earlier | None:
        first = self._db.execute(
            "SELECT number, place, row FROM seen WHERE id = ?", (key,)
        ).fetchone()
        if first is None:
            return None
        return Earlier(first[0], first[1] == _hash(place), first[2] == _hash(values))

    def close(self) -> None:
        """Drop the temporary database."""
        self._db.close()


def _hash(text: str) -> bytes:
    if not text:
        return b""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
