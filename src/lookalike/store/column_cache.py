"""Columns of all images, ready to filter by: caches made at first use, and what changed since."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import IO

import numpy as np
from numpy.typing import NDArray

from lookalike.store.cache import in_history, remove_others, replace_file
from lookalike.store.column import Column, Value, encode, load, save
from lookalike.store.database import Database, data_version, sync_directory
from lookalike.store.fields import Field, fields, values
from lookalike.store.matrix import cache_directory, died_since
from lookalike.types import Keys

_FORMAT = 1
_SMALL = 1000
_STEM = "columns"
_CHANGED = (
    "SELECT key FROM images WHERE version > :since "
    "UNION SELECT key FROM retold WHERE version > :since "
    "UNION SELECT key FROM images JOIN derived USING (content) WHERE derived.version > :since "
    "ORDER BY key LIMIT :limit"
)
_AMONG = "WHERE key IN (SELECT value FROM json_each(?))"
_NOT_USABLE = (OSError, ValueError, LookupError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the images: `keys` (n,) rising, `live` (n,) bool (None: all), and their columns."""

    keys: Keys
    live: NDArray[np.bool_] | None
    columns: Mapping[Field, Column]

    @property
    def count(self) -> int:
        """How many images there are."""
        return len(self.keys) if self.live is None else int(np.count_nonzero(self.live))


@dataclass(slots=True)
class _Base:
    """The images as of a data version; a column may be as of any later one.

    What changed since is not looked up here but in the tail.
    """

    version: int
    token: int
    keys: Keys
    columns: dict[Field, Column] = field(default_factory=dict)


@dataclass(slots=True)
class _Since:
    """What changed between a base and data version `version`."""

    version: int
    live: NDArray[np.bool_] | None
    keys: Keys
    columns: dict[Field, Column] = field(default_factory=dict)


class ColumnCache:
    """The columns of one library; safe to use from several threads.

    A column is read from the database once, kept in a cache file, and completed by what was
    added, removed or told anew since. Nothing here needs the writer lock.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._directory = cache_directory(database)
        self._turn = threading.Lock()
        self._base: _Base | None = None
        self._since: _Since | None = None

    def fields(self) -> list[Field]:
        """All columns there are."""
        with self._database.reading() as connection:
            return fields(connection)

    def parts(self, wanted: Iterable[Field], *, keep: bool = True) -> list[Part]:
        """The images as they are now, with the columns that are wanted.

        Columns that were not in memory before stay there if they are to be kept.
        """
        with self._turn, self._database.reading() as connection:
            base, since = self._now(connection)
            named = list(wanted)
            fresh = [one for one in named if one not in base.columns]
            for one in named:
                if one not in base.columns:
                    base.columns[one] = self._base_column(connection, base, one)
                if len(since.keys) and one not in since.columns:
                    found = values(connection, one, _AMONG, json.dumps(since.keys.tolist()))
                    since.columns[one] = encode(value for _, value in found)
            parts = [Part(base.keys, since.live, {one: base.columns[one] for one in named})]
            if len(since.keys):
                tail = {one: since.columns[one] for one in named}
                parts.append(Part(since.keys, None, tail))
            if not keep:
                for one in fresh:
                    base.columns.pop(one, None)
            return parts

    def _now(self, connection: sqlite3.Connection) -> tuple[_Base, _Since]:
        version = data_version(connection)
        if self._base is not None and self._since is not None and self._since.version == version:
            return self._base, self._since
        base = self._base or self._load(connection)
        since = None if base is None else _changes(connection, base)
        if base is None or since is None:
            base = self._build(connection)
            since = _Since(version, None, np.empty(0, dtype=np.int64))
        self._base, self._since = base, since
        return base, since

    def _build(self, connection: sqlite3.Connection) -> _Base:
        row = connection.execute(
            "SELECT version, token FROM commits ORDER BY version DESC LIMIT 1"
        ).fetchone()
        version, token = row or (0, 0)
        rows = connection.execute("SELECT key FROM images ORDER BY key")
        keys = np.fromiter((key for (key,) in rows), dtype=np.int64)
        base = _Base(version, token, keys)
        if len(keys) >= _SMALL:
            with suppress(OSError):  # a full or read-only disk: filters go on without files
                self._write(base)
        return base

    def _write(self, base: _Base) -> None:
        name = f"{_STEM}.{base.token:016x}"
        manifest = {
            "format": _FORMAT,
            "data_version": base.version,
            "token": base.token,
            "n": len(base.keys),
            "files": name,
            "keys_sha256": hashlib.sha256(base.keys.tobytes()).hexdigest(),
        }

        def write_manifest(file: IO[bytes]) -> None:
            file.write(json.dumps(manifest).encode())

        self._directory.mkdir(exist_ok=True)
        replace_file(self._directory / f"{name}.keys", base.keys.tofile)
        replace_file(self._directory / f"{_STEM}.json", write_manifest)
        sync_directory(self._directory)
        remove_others(self._directory, _STEM, keep=name)

    def _load(self, connection: sqlite3.Connection) -> _Base | None:
        try:
            manifest = json.loads((self._directory / f"{_STEM}.json").read_bytes())
            if manifest["format"] != _FORMAT or not in_history(connection, manifest):
                return None
            data = (self._directory / f"{manifest['files']}.keys").read_bytes()
            if hashlib.sha256(data).hexdigest() != manifest["keys_sha256"]:
                return None
            keys: Keys = np.frombuffer(data, dtype=np.int64)
            return _Base(manifest["data_version"], manifest["token"], keys)
        except _NOT_USABLE:
            return None

    def _base_column(self, connection: sqlite3.Connection, base: _Base, one: Field) -> Column:
        path = self._directory / f"{_STEM}.{base.token:016x}.{_name(one)}.column"
        about = {
            "format": _FORMAT,
            "origin": one.origin,
            "name": one.name,
            "token": base.token,
            "n": len(base.keys),
        }
        if len(base.keys) >= _SMALL:
            with suppress(*_NOT_USABLE), path.open("rb") as file:
                found = load(file, about)
                if len(found.codes) == len(base.keys):
                    return found
        column = _read_column(connection, base, one)
        if len(base.keys) >= _SMALL:
            with suppress(OSError):
                replace_file(path, lambda file: save(column, file, about))
        return column


def _changes(connection: sqlite3.Connection, base: _Base) -> _Since | None:
    """What was written since a base; None if that is more than a tenth of it."""
    limit = len(base.keys) // 10
    found = connection.execute(_CHANGED, {"since": base.version, "limit": limit + 1}).fetchall()
    keys = np.array([key for (key,) in found], dtype=np.int64)
    gone = np.isin(base.keys, np.concatenate([keys, died_since(connection, base.version)]))
    if len(keys) + np.count_nonzero(gone) > limit:
        return None
    live = ~gone if gone.any() else None
    return _Since(data_version(connection), live, keys)


def _read_column(connection: sqlite3.Connection, base: _Base, one: Field) -> Column:
    """A column along the keys of a base; images that went meanwhile have no value."""
    last = int(base.keys[-1]) if len(base.keys) else 0
    here: list[int] = []

    def noted() -> Iterator[Value]:
        for key, value in values(connection, one, "WHERE key <= ?", last):
            here.append(key)
            yield value

    found = encode(noted())
    if len(here) == len(base.keys):
        return found
    codes = np.full(len(base.keys), -1, dtype=np.int32)
    codes[np.searchsorted(base.keys, np.array(here, dtype=np.int64))] = found.codes
    return replace(found, codes=codes)


def _name(one: Field) -> str:
    return hashlib.sha256(f"{one.origin}.{one.name}".encode()).hexdigest()[:24]
