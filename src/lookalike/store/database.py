"""Connections to the library's database: readers that never wait, one writer, errors mapped."""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lookalike.errors import (
    LibraryBusyError,
    LibraryDamagedError,
    LibraryError,
    LibraryNotFoundError,
    StorageFullError,
)
from lookalike.store import migrations, schema
from lookalike.store.lock import WriterLock

DATABASE_NAME = "library.db"
_PRAGMAS = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",
    "PRAGMA journal_size_limit = 67108864",
)
_WRITER_KIB = 16384
_READER_KIB = 2048
"""Pages that a connection keeps. A service has many readers, and each fills what it may; the
system keeps the file's pages for all of them."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """A write under way: rows written through it carry `version`."""

    connection: sqlite3.Connection
    version: int


class Database:
    """The one database file of a library, safe to use from several threads."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / DATABASE_NAME
        self.lock = WriterLock(directory / "lock")
        self._mutex = threading.Lock()
        self._turn = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._writer: sqlite3.Connection | None = None
        self._closed = False
        self._file: tuple[int, int] | None = None

    def create(self) -> None:
        """Make the directory and the database, unless they are there; then open."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LibraryError(
                f"The library cannot be made: {self.directory}: {error.strerror}"
            ) from error
        if not self.path.exists():
            self._make()
        self.open(empty=True)

    def open(self, *, empty: bool = False) -> None:
        """Check that this is a library this version can read; migrate an older one.

        One that is `empty`, as the creation by an earlier version left it that was killed, is
        refused unless it will do.
        """
        if not self.path.exists():
            raise LibraryNotFoundError(
                f"No library at {self.directory}. Make one with: lookalike index FOLDER"
            )
        try:
            with self.reading() as connection:
                version = migrations.schema_version(connection, self.path)
            if not version and not empty:
                raise LibraryDamagedError(
                    f"{self.path} is empty: what made it was stopped, or what was in it is lost. "
                    "Put a copy of it back, or index again with: lookalike index FOLDER"
                )
            if version < len(migrations.MIGRATIONS):
                self._bring_up_to_date()
            self._file = _file_at(self.path)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one state of the library, whatever a writer does meanwhile."""
        connection = self._borrow()
        try:
            with translated(self.path):
                connection.execute("BEGIN")
                yield connection
        finally:
            self._give_back(connection)

    @contextmanager
    def transaction(self, *, derived: bool = False) -> Iterator[Transaction]:
        """All of a write or nothing; a write that changed something is a new data version.

        `derived` says that nothing but what can be made again is written: the data version
        then stays.
        """
        with self._turn, translated(self.path):
            if self._closed:
                raise LibraryError(f"The library {self.directory} is closed.")
            if _file_at(self.path) != self._file:
                raise LibraryError(
                    f"{self.path} was moved away or replaced since it was opened, and what is "
                    "written now would be lost: open the library again, or start the server again."
                )
            if self._writer is None:
                self._writer = _connect(self.path, "mode=rw", _WRITER_KIB)
            writer = self._writer
            writer.execute("BEGIN IMMEDIATE")
            try:
                before = writer.total_changes
                transaction = Transaction(writer, data_version(writer) + 1)
                yield transaction
                if writer.total_changes > before and not derived:
                    writer.execute(
                        "INSERT INTO commits (version, token, at) VALUES (?, ?, ?)",
                        (transaction.version, secrets.randbits(62), int(time.time())),
                    )
                writer.execute("COMMIT")
            except BaseException:
                if writer.in_transaction:
                    writer.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close what is open; a connection still in use is closed when it comes back."""
        with self._turn, self._mutex:
            self._closed = True
            for connection in (*self._idle, *([self._writer] if self._writer else [])):
                connection.close()
            self._idle.clear()
            self._writer = None

    def _make(self) -> None:
        """Make the database beside its place: a kill leaves none there, or a whole one."""
        part = self.path.with_suffix(".part")
        with self.lock, translated(self.path):
            if self.path.exists():  # another process was quicker
                return
            for left in self.directory.glob(f"{part.name}*"):
                left.unlink()
            _migrate(part)
            part.replace(self.path)
            sync_directory(self.directory)

    def _bring_up_to_date(self) -> None:
        with self.lock, translated(self.path):
            _migrate(self.path)
            sync_directory(self.directory)

    def _borrow(self) -> sqlite3.Connection:
        with self._mutex:
            if self._closed:
                raise LibraryError(f"The library {self.directory} is closed.")
            if self._idle:
                return self._idle.pop()
        with translated(self.path):
            return _connect_reader(self.path)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            connection.rollback()
        with self._mutex:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()


def _migrate(path: Path) -> None:
    connection = _connect(path, "mode=rwc", _WRITER_KIB)
    try:
        connection.execute(f"PRAGMA page_size = {schema.PAGE_SIZE}")
        connection.execute("PRAGMA journal_mode = WAL")
        migrations.migrate(connection, path)
    finally:
        connection.close()


def _file_at(path: Path) -> tuple[int, int] | None:
    """Which file lies at a path, whatever was renamed meanwhile; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def data_version(connection: sqlite3.Connection) -> int:
    """The number of the last write; 0 when nothing was written yet."""
    (version,) = connection.execute("SELECT coalesce(max(version), 0) FROM commits").fetchone()
    return int(version)


def sync_directory(directory: Path) -> None:
    """Make a name that was just made or changed in `directory` survive a power loss."""
    if os.name == "posix":
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _connect(path: Path, mode: str, cache_kib: int) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        for pragma in (*_PRAGMAS, f"PRAGMA cache_size = -{cache_kib}"):
            connection.execute(pragma)
        connection.execute("PRAGMA user_version").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _connect_reader(path: Path) -> sqlite3.Connection:
    """A connection for reading, even where nothing may be written beside the database."""
    try:
        return _connect(path, "mode=rw", _READER_KIB)
    except sqlite3.OperationalError as error:
        if _code(error) not in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}:
            raise
    try:
        return _connect(path, "mode=ro", _READER_KIB)
    except sqlite3.OperationalError:
        return _connect(path, "immutable=1", _READER_KIB)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """The border where errors of SQLite become errors of this package."""
    try:
        yield
    except sqlite3.Error as error:
        known = _translate(error, path)
        if known is None:
            raise
        raise known from error


def _code(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _translate(error: sqlite3.Error, path: Path) -> LibraryError | None:
    safe = "What was stored before is safe"
    match _code(error):
        case sqlite3.SQLITE_FULL:
            return StorageFullError(
                f"No room left on the disk for {path}. {safe}: make room and run the same "
                "command again, it goes on from there."
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return LibraryDamagedError(
                f"{path} is damaged ({error}). Run: lookalike doctor; then put a backup in its "
                "place, or remove the file and index again."
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return LibraryBusyError(
                f"{path} is locked by another program. {safe}: try again when it is done."
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return LibraryError(
                f"{path} cannot be opened or written ({error}). Check its permissions and those "
                "of its directory."
            )
        case sqlite3.SQLITE_IOERR:
            return LibraryError(
                f"The disk failed while {path} was read or written ({error}). {safe}: check the "
                "disk, its free space and quota."
            )
    return None
