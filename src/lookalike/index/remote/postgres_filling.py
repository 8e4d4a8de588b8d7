"""Puts rows into a table of PostgreSQL: by COPY, then over those with the same keys."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from pgvector import HalfVector
from psycopg import sql

from lookalike.index.remote.mirror import Published, Rows
from lookalike.index.remote.postgres_table import on
from lookalike.index.remote.postgres_values import TYPES, bits, cell


def put_rows(connection: Any, table: sql.Identifier, rows: Rows, state: Published) -> None:
    """Put rows in place of those with the same keys, within the transaction that is open."""
    names = [sql.Identifier(name) for name in _names(state)]
    held = [TYPES[column.kind] for column in state.columns]
    vector = "bit" if state.bits else "halfvec"
    connection.execute(
        on(
            "CREATE TEMPORARY TABLE incoming (LIKE {}) ON COMMIT DROP",
            table,
        )
    )
    into = sql.SQL("COPY incoming ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.SQL(", ").join(names)
    )
    with connection.cursor() as cursor, cursor.copy(into) as copy:
        copy.set_types(["int8", vector, *held])
        for record in _records(rows, state):
            copy.write_row(record)
    changed = sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(name) for name in names[1:])
    listed = sql.SQL(", ").join(names)
    connection.execute(
        sql.SQL(
            "INSERT INTO {} ({}) SELECT {} FROM incoming ON CONFLICT (key) DO UPDATE SET {}"
        ).format(table, listed, listed, changed)
    )


def _names(state: Published) -> list[str]:
    return ["key", "vector", *(column.name for column in state.columns)]


def _records(rows: Rows, state: Published) -> Iterator[tuple[Any, ...]]:
    made: Any = partial(bits, length=state.dim) if state.bits else HalfVector
    columns = [
        [None if value is None else cell(value, column.kind) for value in values]
        for column, values in zip(state.columns, rows.values, strict=True)
    ]
    for key, vector, *cells in zip(rows.keys.tolist(), rows.vectors, *columns, strict=True):
        yield (key, made(vector), *cells)
