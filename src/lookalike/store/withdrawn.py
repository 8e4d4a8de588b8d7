"""Images taken out of a library for a while: their rows wait in a file of their own."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path

from lookalike.store import contents as contents_
from lookalike.store.database import Transaction

_OF_CONTENT = ("contents", "vectors", "thumbnails", "derived", "labels")
_MANY = 500


def save(connection: sqlite3.Connection, ids: Collection[str], file: Path) -> None:
    """Write all that the library knows of these images into a new database, synced to disk."""
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as kept:
        kept.execute("PRAGMA synchronous = FULL")
        keys = [
            row
            for some in _chunks(sorted(ids))
            for row in connection.execute(
                f"SELECT key, content FROM images WHERE id IN ({_marks(some)})",  # noqa: S608
                some,
            )
        ]
        _copy(connection, kept, "images", "key", [key for key, _ in keys])
        of_content = sorted({content for _, content in keys})
        for table in _OF_CONTENT:
            _copy(connection, kept, table, "content", of_content)
        kept.execute("CREATE TABLE fingerprints (space INTEGER PRIMARY KEY, fingerprint TEXT)")
        kept.executemany(
            "INSERT INTO fingerprints VALUES (?, ?)",
            connection.execute("SELECT space, fingerprint FROM spaces").fetchall(),
        )
        kept.commit()


def restore(transaction: Transaction, file: Path) -> int:
    """Put the saved images back under their keys; returns how many came back.

    An id that the library holds again stays as it is there. Vectors of a space that is gone or
    was made anew are left out: filling the space makes them again.
    """
    connection, back = transaction.connection, 0
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as kept:
        kept.row_factory = sqlite3.Row
        here = set(connection.execute("SELECT space, fingerprint FROM spaces"))
        spaces = {
            space
            for space, fingerprint in kept.execute("SELECT space, fingerprint FROM fingerprints")
            if (space, fingerprint) in here
        }
        homes: dict[int, int] = {}
        for image in kept.execute("SELECT * FROM images ORDER BY key"):
            if connection.execute("SELECT 1 FROM images WHERE id = ?", (image["id"],)).fetchone():
                continue
            old = int(image["content"])
            if old not in homes:
                homes[old] = _restore_content(transaction, kept, old, spaces)
            row = dict(image) | {"content": homes[old], "version": transaction.version}
            _insert(connection, "images", row)
            back += 1
    return back


def _restore_content(
    transaction: Transaction, kept: sqlite3.Connection, old: int, spaces: Collection[int]
) -> int:
    connection = transaction.connection
    content = kept.execute("SELECT * FROM contents WHERE content = ?", (old,)).fetchone()
    home = contents_.find(connection, content["sha256"])
    tables = set(_OF_CONTENT[1:])
    if home is None:
        _insert(connection, "contents", dict(content))
        home = old
    else:
        tables -= {"labels"}  # they stayed with the content, but for what was undone since
    there = {name for (name,) in kept.execute("SELECT name FROM sqlite_master")}
    for table in tables & there:  # an earlier version of this package saved fewer
        for row in kept.execute(f"SELECT * FROM {table} WHERE content = ?", (old,)):  # noqa: S608
            cells = dict(row) | {"content": home}
            if table == "vectors" and cells["space"] not in spaces:
                continue
            if "version" in cells:
                cells["version"] = transaction.version
            _insert(connection, table, cells)
    return home


def _copy(
    connection: sqlite3.Connection,
    kept: sqlite3.Connection,
    table: str,
    column: str,
    numbers: list[int],
) -> None:
    """The rows of a table whose `column` is among `numbers`, in a table of the same columns."""
    names = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
    kept.execute(f"CREATE TABLE {table} ({', '.join(names)})")
    for some in _chunks(numbers):
        rows = connection.execute(
            f"SELECT * FROM {table} WHERE {column} IN ({_marks(some)})",  # noqa: S608
            some,
        )
        kept.executemany(
            f"INSERT INTO {table} VALUES ({_marks(names)})",  # noqa: S608
            rows,
        )


def _insert(connection: sqlite3.Connection, table: str, cells: dict[str, object]) -> None:
    connection.execute(
        f"INSERT OR IGNORE INTO {table} ({', '.join(cells)}) "  # noqa: S608
        f"VALUES ({_marks(cells)})",
        list(cells.values()),
    )


def _marks(cells: Collection[object]) -> str:
    return ", ".join("?" * len(cells))


def _chunks(numbers: list[int] | list[str]) -> Iterator[list[int] | list[str]]:
    for start in range(0, len(numbers), _MANY):
        yield numbers[start : start + _MANY]
