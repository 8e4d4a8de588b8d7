"""Makes and changes the table of a mirror in PostgreSQL, and its HNSW index."""

from __future__ import annotations

from typing import Any

from psycopg import sql

from lookalike.index.remote.mirror import Graph, MirrorColumn, Published
from lookalike.index.remote.postgres_asking import WAYS
from lookalike.index.remote.postgres_values import TYPES

_MOST_INLINE = 2_000


def on(text: str, name: sql.Identifier) -> sql.Composed:
    """A statement about one thing, named by {}."""
    return sql.SQL(text).format(name)


def create_table(connection: Any, table: sql.Identifier, state: Published) -> None:
    """Make the table anew, with its columns."""
    vector = sql.SQL("bit({})" if state.bits else "halfvec({})").format(sql.Literal(state.dim))
    connection.execute(on("DROP TABLE IF EXISTS {}", table))
    connection.execute(
        sql.SQL("CREATE TABLE {} (key bigint PRIMARY KEY, vector {} NOT NULL)").format(
            table, vector
        )
    )
    if not state.bits and state.dim <= _MOST_INLINE:
        connection.execute(on("ALTER TABLE {} ALTER vector SET STORAGE PLAIN", table))
    for column in state.columns:
        _add(connection, table, column)


def alter_table(
    connection: Any,
    table: sql.Identifier,
    graph: sql.Identifier,
    state: Published,
    before: Published,
) -> bool:
    """Bring the columns in line; whether a value of an old row may have changed with that."""
    old = {column.name: column for column in before.columns}
    new = {column.name: column for column in state.columns}
    resend = False
    for name, column in old.items():
        if new.get(name) != column:
            connection.execute(
                sql.SQL("ALTER TABLE {} DROP COLUMN IF EXISTS {}").format(
                    table, sql.Identifier(name)
                )
            )
    for name, column in new.items():
        if old.get(name) != column:
            _add(connection, table, column)
            resend |= name in old and old[name].kind != "empty"
    if before.graph != state.graph:
        connection.execute(on("DROP INDEX IF EXISTS {}", graph))
    return resend


def _add(connection: Any, table: sql.Identifier, column: MirrorColumn) -> None:
    connection.execute(
        sql.SQL("ALTER TABLE {} ADD COLUMN {} {}").format(
            table, sql.Identifier(column.name), sql.SQL(TYPES[column.kind])
        )
    )


def build_graph(connection: Any, table: sql.Identifier, name: sql.Identifier, graph: Graph) -> None:
    """Build the HNSW index of a table."""
    connection.execute(
        sql.SQL(
            "CREATE INDEX {} ON {} USING hnsw (vector {}) WITH (m = {}, ef_construction = {})"
        ).format(
            name,
            table,
            WAYS[graph.metric].opclass,
            sql.Literal(graph.m),
            sql.Literal(graph.ef_construction),
        )
    )
