"""How much a library holds, for `info`."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from lookalike.store.database import Database
from lookalike.store.matrix import cache_directory
from lookalike.store.records import Counts


def counts(connection: sqlite3.Connection, database: Database) -> Counts:
    """Rows by kind, rejects by reason, vectors by space, and bytes on disk."""
    (images,) = connection.execute("SELECT count(*) FROM images").fetchone()
    (contents,) = connection.execute("SELECT count(*) FROM contents").fetchone()
    (thumbnails,) = connection.execute("SELECT count(*) FROM thumbnails").fetchone()
    rejects = connection.execute(
        "SELECT reason, count(*) FROM rejects GROUP BY reason ORDER BY count(*) DESC, reason"
    ).fetchall()
    spaces = connection.execute(
        "SELECT name, (SELECT count(*) FROM vectors WHERE vectors.space = spaces.space) "
        "FROM spaces ORDER BY space"
    ).fetchall()
    return Counts(
        images=images,
        contents=contents,
        thumbnails=thumbnails,
        rejects=dict(rejects),
        spaces=dict(spaces),
        database_bytes=_size(database.path, database.path.with_name("library.db-wal")),
        cache_bytes=_size(*cache_directory(database).glob("*")),
    )


def _size(*paths: Path) -> int:
    return sum(path.stat().st_size for path in paths if path.exists())
