"""What came of holding two prints against each other: worked out once, then read from the cache."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from hashlib import blake2b
from importlib.metadata import version

from lookalike.explore.prints import Print
from lookalike.explore.verify import Match, same_picture

_UNSAVED = 1_000

_Row = tuple[bytes, float | None, str]


class Compared:
    """Remembers `same_picture` by what it depends on: both prints, `cut`, and this version.

    The file is that of the prints, and as theirs it can be deleted at any moment.
    """

    def __init__(self, file: sqlite3.Connection) -> None:
        self._file = file
        self._new: dict[bytes, _Row] = {}
        self._version = version("lookalike").encode()
        with suppress(sqlite3.Error):  # a cache: without it all is worked out anew
            file.execute(
                "CREATE TABLE IF NOT EXISTS compared "
                "(pair BLOB PRIMARY KEY, score REAL, how TEXT NOT NULL) WITHOUT ROWID"
            )

    def match(self, one: Print, other: Print, *, cut: bool) -> Match | None:
        """As `same_picture`."""
        told = (self._version, b"cut" if cut else b"whole", one.digest, other.digest)
        pair = blake2b(b"".join(told), digest_size=16).digest()
        row = self._new.get(pair) or self._kept(pair)
        if row is not None:
            return None if row[1] is None else Match(row[1], row[2])
        found = same_picture(one, other, cut=cut)
        self._new[pair] = (pair, None, "") if found is None else (pair, found.score, found.how)
        if len(self._new) >= _UNSAVED:
            self.save()
        return found

    def save(self) -> None:
        """Write down what is new."""
        with suppress(sqlite3.Error):
            self._file.executemany(
                "INSERT OR REPLACE INTO compared VALUES (?, ?, ?)", self._new.values()
            )
            self._file.commit()
        self._new.clear()

    def _kept(self, pair: bytes) -> _Row | None:
        with suppress(sqlite3.Error):
            row = self._file.execute(
                "SELECT score, how FROM compared WHERE pair = ?", (pair,)
            ).fetchone()
            if row is not None and isinstance(row[0], float | None) and isinstance(row[1], str):
                return (pair, *row)
        return None
