"""An open store: its database, its caches, and the lock of the one writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lookalike.errors import StorageFullError
from lookalike.store import (
    contents,
    counts,
    marks,
    state,
)
from lookalike.store.column_cache import ColumnCache
from lookalike.store.database import Database, data_version
from lookalike.store.indexes import IndexCache
from lookalike.store.records import (
    Counts,
    Space,
)


class Opened:
    """An open store: its database, its caches, and the lock of the one writer."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._database = Database(directory)
        self.column_cache = ColumnCache(self._database)
        self.indexes = IndexCache(self._database)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the writer lock over several writes; a run of the pipeline is inside one.

        Until the last holder leaves, contents that lost their images can be taken up again.
        """
        with self._database.lock:
            yield
            if self._database.lock.holders == 1:
                with suppress(StorageFullError):  # the sweep can wait until there is room
                    self._sweep()

    def _sweep(self) -> None:
        while True:
            with self._database.reading() as connection:
                if not contents.any_loose(connection):
                    return
            with self._database.transaction() as transaction:
                contents.sweep(transaction)

    def data_version(self) -> int:
        """The number of the last write: what was read at the same number is the same still."""
        with self._database.reading() as connection:
            return data_version(connection)

    def mark_of_images(self) -> str:
        """A text that changes when an image is added, replaced, removed, or told anew."""
        with self._database.reading() as connection:
            return marks.of_images(connection)

    def mark_of_vectors(self, space: Space) -> str:
        """A text that changes when a space is another one, or a vector of it comes or goes."""
        with self._database.reading() as connection:
            return marks.of_vectors(connection, space)

    def mark_of_verdicts(self) -> str:
        """A text that changes when a verdict is given or taken back."""
        with self._database.reading() as connection:
            return marks.of_verdicts(connection)

    def back_up(self, path: Path) -> None:
        """Write the database as it is at one moment to a new file, while others go on writing."""
        with self._database.reading() as connection:
            copy = sqlite3.connect(path)
            try:
                connection.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
            finally:
                copy.close()

    def digests(self) -> tuple[str, str]:
        """What tells the images from others, and what tables say of them: sha256, hexadecimal."""
        with self._database.reading() as connection:
            return marks.digests(connection)

    def setting(self, name: str) -> str | None:
        """What was kept under a name, None if nothing was."""
        with self._database.reading() as connection:
            return state.get(connection, name)

    def set_setting(self, name: str, value: str) -> None:
        """Keep a short text under a name."""
        with self.writing(), self._database.transaction(derived=True) as transaction:
            state.put(transaction, name, value)

    def counts(self) -> Counts:
        """How much the library holds."""
        with self._database.reading() as connection:
            return counts.counts(connection, self._database)
