"""The steps from an empty database to today's schema, each with a name."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lookalike.errors import LibraryDamagedError, LibraryTooNewError
from lookalike.store import schema


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: what it changes, and the function that changes it inside a transaction."""

    name: str
    apply: Callable[[sqlite3.Connection], None]


def _first_schema(connection: sqlite3.Connection) -> None:
    for statement in schema.TABLES:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")


def _learned_arrays(connection: sqlite3.Connection) -> None:
    connection.execute(schema.LEARNED)


def _columns(connection: sqlite3.Connection) -> None:
    for statement in schema.COLUMNS:
        connection.execute(statement)


def _judgements(connection: sqlite3.Connection) -> None:
    for statement in schema.JUDGEMENTS:
        connection.execute(statement)


def _layouts(connection: sqlite3.Connection) -> None:
    for statement in schema.LAYOUTS:
        connection.execute(statement)


def _decisions(connection: sqlite3.Connection) -> None:
    for statement in schema.DECISIONS:
        connection.execute(statement)


def _classifiers(connection: sqlite3.Connection) -> None:
    for statement in schema.CLASSIFIERS:
        connection.execute(statement)


def _labels(connection: sqlite3.Connection) -> None:
    for statement in schema.LABELS:
        connection.execute(statement)


MIGRATIONS: tuple[Migration, ...] = (
    Migration("the first schema", _first_schema),
    Migration("arrays that reducers learned", _learned_arrays),
    Migration("columns to filter by", _columns),
    Migration("judgements", _judgements),
    Migration("maps", _layouts),
    Migration("decisions on duplicates, and quarantines", _decisions),
    Migration("classifiers", _classifiers),
    Migration("labels, given and propagated", _labels),
)


def schema_version(connection: sqlite3.Connection, path: Path) -> int:
    """The version of the schema, 0 for an empty database.

    Raises LibraryDamagedError for a database of something else, LibraryTooNewError for one
    that this version of the package cannot read.
    """
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if owner != schema.APPLICATION_ID and (owner or version or tables):
        raise LibraryDamagedError(
            f"{path} is a database of another program, not a library. "
            "Move it away, or name another library with --library."
        )
    if version > len(MIGRATIONS):
        raise LibraryTooNewError(
            f"{path} was written by a newer version of lookalike (its schema is {version}, "
            f"this version knows {len(MIGRATIONS)}): upgrade with pip install -U lookalike."
        )
    return int(version)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the schema up to date, all steps or none; the caller holds the writer lock."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for migration in MIGRATIONS[schema_version(connection, path) :]:
            migration.apply(connection)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
