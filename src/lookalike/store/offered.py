"""The ids that one run over a source offered: any number of them, in bounded memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from lookalike.store import images, rejects
from lookalike.store.database import Database, translated

_CHUNK = 1000


class Offered:
    """A set of ids in a temporary file of SQLite, and what a source no longer offers."""

    def __init__(self, database: Database, source: int) -> None:
        self.source = source
        self._database = database
        self._ids = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._ids.execute("PRAGMA synchronous = OFF")
        self._ids.execute("PRAGMA journal_mode = OFF")
        self._ids.execute("CREATE TABLE offered (id TEXT PRIMARY KEY) WITHOUT ROWID")

    def add(self, ids: Iterable[str]) -> None:
        """Note ids that the source offers, whatever became of them."""
        with translated(Path("the temporary file")):
            self._ids.execute("BEGIN")
            self._ids.executemany(
                "INSERT INTO offered (id) VALUES (?) ON CONFLICT (id) DO NOTHING",
                ((id_,) for id_ in ids),
            )
            self._ids.execute("COMMIT")

    def __contains__(self, id_: str) -> bool:
        row = self._ids.execute("SELECT 1 FROM offered WHERE id = ?", (id_,)).fetchone()
        return row is not None

    def vanished(self) -> Iterator[str]:
        """The ids of stored images of this source that were not offered, in order."""
        return self._not_offered(images.ids_after)

    def vanished_rejects(self) -> Iterator[str]:
        """The ids of rejects of this source that were not offered, in order."""
        return self._not_offered(rejects.ids_after)

    def _not_offered(
        self, ids_after: Callable[[sqlite3.Connection, int, str, int], list[str]]
    ) -> Iterator[str]:
        after = ""
        while True:
            with self._database.reading() as connection:
                ids = ids_after(connection, self.source, after, _CHUNK)
            if not ids:
                return
            after = ids[-1]
            yield from (id_ for id_ in ids if id_ not in self)

    def close(self) -> None:
        """Forget the ids."""
        self._ids.close()

    def __enter__(self) -> Offered:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
