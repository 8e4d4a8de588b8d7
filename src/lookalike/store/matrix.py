"""The vectors of a space as one matrix: a cache on disk, the tail since, and what died since."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lookalike.store import cache
from lookalike.store.cache import Matrix
from lookalike.store.database import Database, data_version
from lookalike.store.records import Space
from lookalike.store.vectors import layout
from lookalike.types import Keys, Stored

_SMALL = 1000


@dataclass(frozen=True, slots=True)
class MatrixView:
    """All vectors of a space as of data version `version`: `matrix` but `dead`, and the tail.

    `matrix` (n, dim) float16, or (n, ceil(dim / 8)) uint8 of packed bits where the space is of
    bits, usually memory-mapped, with `keys` (n,) rising; `dead` (n,) bool
    marks rows that no longer count, None if all do; `tail_matrix` (t, ...), `tail_keys` (t,):
    rows added since `base_version`. All are read-only. The view stays whole whatever is
    written, replaced or deleted meanwhile.
    """

    space: Space
    version: int
    base_version: int
    matrix: Stored
    keys: Keys
    dead: NDArray[np.bool_] | None
    tail_matrix: Stored
    tail_keys: Keys

    @property
    def count(self) -> int:
        """How many images the view shows."""
        gone = 0 if self.dead is None else int(np.count_nonzero(self.dead))
        return len(self.keys) - gone + len(self.tail_keys)


def open_matrix(database: Database, space: Space) -> MatrixView:
    """The matrix as the library is now; a cache that is missing or wrong is made anew."""
    with database.reading() as connection:
        directory = cache_directory(database)
        if _is_small(connection, space):
            return _compact(directory, space, connection)
        base = cache.load(directory, space, connection)
        view = None if base is None else _since(connection, space, base)
        return view if view is not None else _compact(directory, space, connection)


def refresh(database: Database, view: MatrixView) -> MatrixView:
    """The same view if nothing was written since (a matter of microseconds), else one of now."""
    with database.reading() as connection:
        if data_version(connection) == view.version:
            return view
        base = Matrix(view.matrix, view.keys, view.base_version)
        if not _is_small(connection, view.space):
            newer = _since(connection, view.space, base)
            if newer is not None:
                return newer
        return _compact(cache_directory(database), view.space, connection)


def compact(database: Database, space: Space) -> tuple[Stored, Keys]:
    """All rows (n, ...) and their keys (n,) as the library is now: no tail, none dead."""
    view = open_matrix(database, space)
    if view.dead is not None or len(view.tail_keys):
        with database.reading() as connection:
            view = _compact(cache_directory(database), space, connection)
    return view.matrix, view.keys


def died_since(connection: sqlite3.Connection, version: int) -> Keys:
    """Keys, rising, whose rows in any matrix of that version no longer count."""
    gone = connection.execute(
        "SELECT key FROM tombstones WHERE version > ? ORDER BY key", (version,)
    ).fetchall()
    return np.array([key for (key,) in gone], dtype=np.int64)


def cache_directory(database: Database) -> Path:
    """Where everything lies that can be deleted at any moment."""
    return database.directory / "cache"


def _is_small(connection: sqlite3.Connection, space: Space) -> bool:
    (count,) = connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM images JOIN vectors USING (content) "
        "WHERE space = ? LIMIT ?)",
        (space.key, _SMALL),
    ).fetchone()
    return int(count) < _SMALL


def _compact(directory: Path, space: Space, connection: sqlite3.Connection) -> MatrixView:
    """A view without tail: of new cache files, or of memory where files do not pay or fit."""
    version = data_version(connection)
    base = None
    if not _is_small(connection, space):
        try:
            cache.build(directory, space, connection)
            base = cache.load(directory, space, connection)
        except OSError:
            base = None  # a full or read-only disk: search goes on without the file
    if base is None or base.version != version:
        base = cache.in_memory(space, connection, version)
    none = np.empty(0, dtype=np.int64)
    empty = cache.as_rows(b"", space)
    return MatrixView(space, version, version, base.rows, base.keys, None, empty, none)


def _since(connection: sqlite3.Connection, space: Space, base: Matrix) -> MatrixView | None:
    """The view that `base` and what was written since make; None if that is over a tenth."""
    limit = len(base.keys) // 10
    tail = connection.execute(
        "WITH fresh (key) AS (SELECT key FROM images WHERE version > ? UNION "
        "SELECT key FROM vectors JOIN images USING (content) "
        "WHERE vectors.space = ? AND vectors.version > ?) "
        "SELECT key, vector FROM images JOIN vectors USING (content) "
        "WHERE space = ? AND length(vector) = ? AND key IN fresh ORDER BY key LIMIT ?",
        (base.version, space.key, base.version, space.key, layout(space).size, limit + 1),
    ).fetchall()
    dead = np.isin(base.keys, died_since(connection, base.version))
    if len(tail) + np.count_nonzero(dead) > limit:
        return None
    return MatrixView(
        space=space,
        version=data_version(connection),
        base_version=base.version,
        matrix=base.rows,
        keys=base.keys,
        dead=dead if dead.any() else None,
        tail_matrix=cache.as_rows(b"".join(blob for _, blob in tail), space),
        tail_keys=np.array([key for key, _ in tail], dtype=np.int64),
    )
