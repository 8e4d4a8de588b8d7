"""A mirror in PostgreSQL with pgvector: one table, filled by COPY, searched by HNSW or a scan."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import psycopg
from numpy.typing import NDArray
from pgvector import Bit, HalfVector, Vector
from pgvector.psycopg import register_vector
from psycopg import sql

from lookalike.errors import ServerError, UsageError
from lookalike.index.remote.address import Address
from lookalike.index.remote.mirror import (
    STATES,
    Language,
    MirrorColumn,
    OnStep,
    Published,
    Rows,
    Where,
    published_from,
)
from lookalike.index.remote.postgres_errors import said
from lookalike.index.remote.postgres_values import TYPES, cell, clean
from lookalike.types import Keys, Metric

REACHES = (20, 40, 80, 160, 320, 640, 1000)
_MOST_INDEXED = {True: 64_000, False: 4_000}
_MOST_HELD = {True: 83_886_080, False: 16_000}
_MOST_INLINE = 2_000
_MOST_REACH = 1_000
_MOST_HALF = 65_504
_DEFAULTS = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
    "application_name": "lookalike",
}


class _Way(NamedTuple):
    """How pgvector compares by a metric: the operator, and the kind of index that knows it."""

    operator: sql.SQL
    opclass: sql.SQL


_WAYS: dict[Metric, _Way] = {
    "cosine": _Way(sql.SQL("<=>"), sql.SQL("halfvec_cosine_ops")),
    "ip": _Way(sql.SQL("<#>"), sql.SQL("halfvec_ip_ops")),
    "l2": _Way(sql.SQL("<->"), sql.SQL("halfvec_l2_ops")),
    "l1": _Way(sql.SQL("<+>"), sql.SQL("halfvec_l1_ops")),
    "hamming": _Way(sql.SQL("<~>"), sql.SQL("bit_hamming_ops")),
}


class PostgresMirror:
    """A table of a database; safe to use from several threads, which wait for each other."""

    language: Language = "postgres"
    metrics: Sequence[Metric] = tuple(_WAYS)
    reaches: Sequence[int] = REACHES

    def __init__(self, address: Address, table: str) -> None:
        self._address = address
        self._name = table
        self._table = sql.Identifier(table)
        self._graph = sql.Identifier(f"{table}_hnsw")
        self._turn = threading.RLock()
        self._reach = 0
        parameters: dict[str, Any] = {
            **_DEFAULTS,
            "host": address.host,
            "port": address.port,
            "user": address.user,
            "password": address.password,
            "dbname": address.database,
            **address.options,
        }
        given = {name: value for name, value in parameters.items() if value not in {"", None}}
        with said(address):
            self._connection = psycopg.connect(autocommit=True, **given)
        try:
            with said(address):
                self._connection.execute("SET client_min_messages = warning")
                self._connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
                register_vector(self._connection)
        except BaseException:
            self._connection.close()
            raise

    def claim(self) -> None:
        """See that nobody else publishes into this table until the connection ends."""
        number = int.from_bytes(hashlib.sha256(self._name.encode()).digest()[:8], signed=True)
        with self._turn, said(self._address):
            row = self._connection.execute("SELECT pg_try_advisory_lock(%s)", (number,)).fetchone()
        if row is None or not row[0]:
            raise ServerError(
                f"Somebody else is publishing into {self._name!r}. Wait until that is done."
            )

    def published(self) -> Published | None:
        """What was published into this table, None if nothing was."""
        asked = _on("SELECT state FROM {} WHERE name = %s", sql.Identifier(STATES))
        with self._turn, said(self._address):
            try:
                row = self._connection.execute(asked, (self._name,)).fetchone()
            except psycopg.errors.UndefinedTable:
                return None
            return None if row is None else published_from(row[0])

    def begin(self, state: Published, before: Published | None) -> bool:
        """Make or change the table, and see that nobody else publishes into it."""
        if state.dim > _MOST_HELD[state.bits]:
            raise UsageError(f"PostgreSQL holds no vectors of {state.dim:,} dimensions.")
        if state.graph is not None and state.dim > _MOST_INDEXED[state.bits]:
            raise UsageError(
                f"pgvector makes no HNSW index over {state.dim:,} dimensions; the most are "
                f"{_MOST_INDEXED[state.bits]:,}. Publish with --index none, or a shorter space, "
                "such as one made by |pca:512."
            )
        with self._transaction() as connection:
            connection.execute(
                _on(
                    "CREATE TABLE IF NOT EXISTS {} (name text PRIMARY KEY, state text NOT NULL)",
                    sql.Identifier(STATES),
                )
            )
            if before is None:
                self._create(connection, state)
                resend = True
            else:
                resend = self._alter(connection, state, before)
            self._keep(connection, state)
        return resend

    def put(self, rows: Rows, state: Published) -> None:
        """Rows and state in one transaction."""
        names = [sql.Identifier(name) for name in _names(state)]
        held = [TYPES[column.kind] for column in state.columns]
        vector = "bit" if state.bits else "halfvec"
        with self._transaction() as connection:
            connection.execute(
                _on(
                    "CREATE TEMPORARY TABLE incoming (LIKE {}) ON COMMIT DROP",
                    self._table,
                )
            )
            into = sql.SQL("COPY incoming ({}) FROM STDIN (FORMAT BINARY)").format(
                sql.SQL(", ").join(names)
            )
            with connection.cursor() as cursor, cursor.copy(into) as copy:
                copy.set_types(["int8", vector, *held])
                for record in _records(rows, state):
                    copy.write_row(record)
            changed = sql.SQL(", ").join(
                sql.SQL("{0} = excluded.{0}").format(name) for name in names[1:]
            )
            listed = sql.SQL(", ").join(names)
            connection.execute(
                sql.SQL(
                    "INSERT INTO {} ({}) SELECT {} FROM incoming ON CONFLICT (key) DO UPDATE SET {}"
                ).format(self._table, listed, listed, changed)
            )
            self._keep(connection, state)

    def remove(self, keys: Keys) -> None:
        """Remove rows."""
        with self._transaction() as connection:
            connection.execute(
                _on("DELETE FROM {} WHERE key = ANY (%s)", self._table), (keys.tolist(),)
            )

    def keep(self, state: Published) -> None:
        """Keep the state."""
        with self._transaction() as connection:
            self._keep(connection, state)

    def finish(self, state: Published, memory: int | None, on_step: OnStep) -> None:
        """Build the HNSW index unless it is there, and let the planner count the rows."""
        with self._transaction() as connection:
            there = connection.execute("SELECT to_regclass(%s)", (f"{self._name}_hnsw",)).fetchone()
            if state.graph is not None and (there is None or there[0] is None):
                on_step("building the index", 0, 1)
                if memory is not None:
                    connection.execute(
                        "SELECT set_config('maintenance_work_mem', %s, true)",
                        (f"{memory // 1024}kB",),
                    )
                connection.execute(
                    sql.SQL(
                        "CREATE INDEX {} ON {} USING hnsw (vector {}) "
                        "WITH (m = {}, ef_construction = {})"
                    ).format(
                        self._graph,
                        self._table,
                        _WAYS[state.graph.metric].opclass,
                        sql.Literal(state.graph.m),
                        sql.Literal(state.graph.ef_construction),
                    )
                )
        with self._turn, said(self._address):
            self._connection.execute(_on("ANALYZE {}", self._table))

    def nearest(
        self,
        state: Published,
        queries: NDArray[Any],
        count: int,
        metric: Metric,
        where: Where | None,
        without: Sequence[Keys],
        reach: int | None,
    ) -> list[Keys]:
        """By the index; where that gives too few, and without one, by a scan."""
        by_graph = reach is not None and state.graph is not None and state.graph.metric == metric
        with self._turn, said(self._address):
            if by_graph:
                assert reach is not None
                self._try_hard(min(_MOST_REACH, max(reach, reach + count - 10)))
            return [
                self._ask(state, query, count, metric, where, hidden, by_graph)
                for query, hidden in zip(queries, without, strict=True)
            ]

    def rows(self) -> int:
        """How many rows there are."""
        with self._transaction() as connection:
            row = connection.execute(_on("SELECT count(*) FROM {}", self._table)).fetchone()
            return int(row[0]) if row else 0

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _try_hard(self, reach: int) -> None:
        """Set the search effort for as long as the connection lasts: each trip takes time."""
        if reach != self._reach:
            self._connection.execute(
                "SELECT set_config('hnsw.ef_search', %s, false), "
                "set_config('hnsw.iterative_scan', 'relaxed_order', false)",
                (str(reach),),
            )
            self._reach = reach

    def _ask(
        self,
        state: Published,
        query: NDArray[Any],
        count: int,
        metric: Metric,
        where: Where | None,
        hidden: Keys,
        by_graph: bool,
    ) -> Keys:
        text, given = where or ("TRUE", [])
        values = [clean(value) for value in given]
        conditions = sql.SQL(text)
        if len(hidden):
            conditions = sql.SQL("({}) AND key <> ALL (%s)").format(conditions)
            values.append(hidden.tolist())
        operator = _WAYS[metric].operator
        question: Any
        if state.bits:
            question = bits(query, state.dim)
            # adding 0 keeps the planner from the index
            scan = sql.SQL("(vector {} %s) + 0").format(operator)
        else:
            if metric in {"cosine", "ip"}:
                query = query / np.linalg.norm(query)
            by_graph = by_graph and bool(np.abs(query).max() <= _MOST_HALF)
            question = HalfVector(query) if by_graph else Vector(query)
            # another type than that of the index, and single precision
            scan = sql.SQL("vector::vector {} %s").format(operator)
        if by_graph:
            order = sql.SQL("vector {} %s").format(operator)
            found = self._select(conditions, order, [*values, question, count])
            if len(found) == count:
                return found
            question = question if state.bits else Vector(query)
        return self._select(conditions, scan, [*values, question, count])

    def _select(self, where: Any, order: Any, values: list[Any]) -> Keys:
        found = self._connection.execute(
            sql.SQL("SELECT key FROM {} WHERE {} ORDER BY {} LIMIT %s").format(
                self._table, where, order
            ),
            values,
        )
        return np.fromiter((key for (key,) in found), np.int64)

    def _create(self, connection: Any, state: Published) -> None:
        vector = sql.SQL("bit({})" if state.bits else "halfvec({})").format(sql.Literal(state.dim))
        connection.execute(_on("DROP TABLE IF EXISTS {}", self._table))
        connection.execute(
            sql.SQL("CREATE TABLE {} (key bigint PRIMARY KEY, vector {} NOT NULL)").format(
                self._table, vector
            )
        )
        if not state.bits and state.dim <= _MOST_INLINE:
            connection.execute(_on("ALTER TABLE {} ALTER vector SET STORAGE PLAIN", self._table))
        for column in state.columns:
            self._add(connection, column)

    def _alter(self, connection: Any, state: Published, before: Published) -> bool:
        """Bring the columns in line; whether a value of an old row may have changed with that."""
        old = {column.name: column for column in before.columns}
        new = {column.name: column for column in state.columns}
        resend = False
        for name, column in old.items():
            if new.get(name) != column:
                connection.execute(
                    sql.SQL("ALTER TABLE {} DROP COLUMN IF EXISTS {}").format(
                        self._table, sql.Identifier(name)
                    )
                )
        for name, column in new.items():
            if old.get(name) != column:
                self._add(connection, column)
                resend |= name in old and old[name].kind != "empty"
        if before.graph != state.graph:
            connection.execute(_on("DROP INDEX IF EXISTS {}", self._graph))
        return resend

    def _add(self, connection: Any, column: MirrorColumn) -> None:
        connection.execute(
            sql.SQL("ALTER TABLE {} ADD COLUMN {} {}").format(
                self._table, sql.Identifier(column.name), sql.SQL(TYPES[column.kind])
            )
        )

    def _keep(self, connection: Any, state: Published) -> None:
        connection.execute(
            _on(
                "INSERT INTO {} (name, state) VALUES (%s, %s) "
                "ON CONFLICT (name) DO UPDATE SET state = excluded.state",
                sql.Identifier(STATES),
            ),
            (self._name, state.to_json()),
        )

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        with self._turn, said(self._address), self._connection.transaction():
            yield self._connection


def _on(text: str, name: sql.Identifier) -> sql.Composed:
    return sql.SQL(text).format(name)


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


def bits(packed: NDArray[Any], length: int) -> Bit:
    """Packed bits (ceil(length / 8),) as a value of `bit(length)`."""
    return Bit.from_binary(length.to_bytes(4) + packed.tobytes())
