"""What `doctor` looks for in a library, and the putting right of what can be made again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from lookalike.errors import LibraryDamagedError
from lookalike.store import cache, contents, index_files, spaces, vectors
from lookalike.store.database import Database, Transaction
from lookalike.store.matrix import cache_directory
from lookalike.store.records import Finding
from lookalike.types import NO_IMAGE

_ORPHANS = (
    "FROM contents WHERE content NOT IN (SELECT content FROM images) "
    "AND content NOT IN (SELECT content FROM loose)"
)
_BAD_FACTS = (
    "FROM contents WHERE length(sha256) <> 32 OR typeof(phash) <> 'integer' "
    f"OR (format <> '{NO_IMAGE}' AND (width < 1 OR height < 1 OR size < 1))"
)
_BAD_THUMBNAILS = (
    "FROM thumbnails WHERE substr(webp, 1, 4) <> x'52494646' OR substr(webp, 9, 4) <> x'57454250'"
)
_UNSEEN = (
    "FROM images JOIN contents USING (content) "  # noqa: S608  a constant
    f"WHERE format <> '{NO_IMAGE}' AND NOT EXISTS "
    "(SELECT 1 FROM vectors WHERE space = ? AND vectors.content = images.content)"
)
_MOST_LINES = 20


def check(database: Database) -> list[Finding]:
    """Everything that is wrong with the database and its caches; empty when all is well."""
    findings: list[Finding] = []
    for look in (_structure, _references, _facts, _vectors, _thumbnails, _caches):
        try:
            with database.reading() as connection:
                findings += look(connection, cache_directory(database))
        except LibraryDamagedError as error:
            return [*findings, Finding("database", str(error), repairable=False)]
    return findings


def _structure(connection: sqlite3.Connection, _: Path) -> Iterator[Finding]:
    for (line,) in connection.execute("PRAGMA integrity_check(20)"):
        if line != "ok":
            yield Finding("database", f"The database is damaged: {line}", repairable=False)


def _references(connection: sqlite3.Connection, _: Path) -> Iterator[Finding]:
    lost = connection.execute("PRAGMA foreign_key_check").fetchmany(_MOST_LINES)
    for table, rowid, parent, _number in lost:
        yield Finding(
            "reference",
            f"Row {rowid} of {table} belongs to a row of {parent} that is not there.",
            repairable=table in {"vectors", "thumbnails"},
        )


def _facts(connection: sqlite3.Connection, _: Path) -> Iterator[Finding]:
    if bad := _count(connection, _BAD_FACTS):
        yield Finding("content", f"{bad} contents have impossible facts.", repairable=False)
    if orphans := _count(connection, _ORPHANS):
        yield Finding("content", f"{orphans} contents belong to no image.", repairable=True)


def _vectors(connection: sqlite3.Connection, _: Path) -> Iterator[Finding]:
    for space in spaces.every(connection):
        if bad := len(vectors.damaged(connection, space)):
            yield Finding(
                "vector",
                f"{bad} vectors of space {space.name!r} are damaged; once they are taken out, "
                "indexing again makes them anew.",
                repairable=True,
            )
    space_or_none = spaces.default(connection)
    if space_or_none and (unseen := _count(connection, _UNSEEN, space_or_none.key)):
        yield Finding(
            "vector",
            f"{unseen} images have no vector in space {space_or_none.name!r}: index them again.",
            repairable=False,
        )


def _thumbnails(connection: sqlite3.Connection, _: Path) -> Iterator[Finding]:
    if bad := _count(connection, _BAD_THUMBNAILS):
        yield Finding("thumbnail", f"{bad} thumbnails are not WebP.", repairable=True)


def _caches(connection: sqlite3.Connection, directory: Path) -> Iterator[Finding]:
    for space in spaces.every(connection):
        if not cache.is_sound(directory, space, connection):
            message = f"The matrix cache of space {space.name!r} is damaged or out of place."
            yield Finding("cache", message, repairable=True)
        if not index_files.is_sound(directory, space, connection):
            message = f"The search index of space {space.name!r} is damaged or out of place."
            yield Finding("cache", message, repairable=True)


def _count(connection: sqlite3.Connection, what: str, *values: int) -> int:
    (count,) = connection.execute("SELECT count(*) " + what, values).fetchone()
    return int(count)


def repair(database: Database) -> None:
    """Take out what is damaged and can be made again; images and their facts are not touched.

    The caller holds the writer lock and sweeps afterwards.
    """
    steps: tuple[Callable[[Transaction], None], ...] = (
        _drop_strays,
        _drop_vectors,
        _drop_thumbnails,
        _loosen_orphans,
    )
    for step in steps:
        with database.transaction() as transaction:
            step(transaction)
    with database.reading() as connection:
        for space in spaces.every(connection):
            if not cache.is_sound(cache_directory(database), space, connection):
                cache.discard(cache_directory(database), space)
            if not index_files.is_sound(cache_directory(database), space, connection):
                index_files.discard(cache_directory(database), space)


def _drop_strays(transaction: Transaction) -> None:
    for table in ("vectors", "thumbnails"):
        transaction.connection.execute(
            f"DELETE FROM {table} WHERE content NOT IN (SELECT content FROM contents)"  # noqa: S608
        )


def _drop_vectors(transaction: Transaction) -> None:
    for space in spaces.every(transaction.connection):
        for rowid in vectors.damaged(transaction.connection, space):
            vectors.drop(transaction, rowid)


def _drop_thumbnails(transaction: Transaction) -> None:
    transaction.connection.execute("DELETE " + _BAD_THUMBNAILS)


def _loosen_orphans(transaction: Transaction) -> None:
    orphans = transaction.connection.execute("SELECT content " + _ORPHANS).fetchall()
    for (content,) in orphans:
        contents.loosen(transaction, content)
