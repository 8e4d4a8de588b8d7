"""A mirror in PostgreSQL with pgvector: one table, filled by COPY, searched by HNSW or a scan."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from numpy.typing import NDArray
from psycopg import sql

from lookalike.errors import ServerError, UsageError
from lookalike.index.remote.address import Address
from lookalike.index.remote.mirror import (
    STATES,
    Language,
    OnStep,
    Published,
    Rows,
    Where,
    published_from,
)
from lookalike.index.remote.postgres_asking import WAYS, ask
from lookalike.index.remote.postgres_connection import open_connection
from lookalike.index.remote.postgres_errors import said
from lookalike.index.remote.postgres_filling import put_rows
from lookalike.index.remote.postgres_table import alter_table, build_graph, create_table, on
from lookalike.types import Keys, Metric

REACHES = (20, 40, 80, 160, 320, 640, 1000)
_MOST_INDEXED = {True: 64_000, False: 4_000}
_MOST_HELD = {True: 83_886_080, False: 16_000}
_MOST_REACH = 1_000


class PostgresMirror:
    """A table of a database; safe to use from several threads, which wait for each other."""

    language: Language = "postgres"
    metrics: Sequence[Metric] = tuple(WAYS)
    reaches: Sequence[int] = REACHES

    def __init__(self, address: Address, table: str) -> None:
        self._address = address
        self._name = table
        self._table = sql.Identifier(table)
        self._graph = sql.Identifier(f"{table}_hnsw")
        self._turn = threading.RLock()
        self._reach = 0
        self._connection = open_connection(address)

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
        asked = on("SELECT state FROM {} WHERE name = %s", sql.Identifier(STATES))
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
                on(
                    "CREATE TABLE IF NOT EXISTS {} (name text PRIMARY KEY, state text NOT NULL)",
                    sql.Identifier(STATES),
                )
            )
            if before is None:
                create_table(connection, self._table, state)
                resend = True
            else:
                resend = alter_table(connection, self._table, self._graph, state, before)
            self._keep(connection, state)
        return resend

    def put(self, rows: Rows, state: Published) -> None:
        """Rows and state in one transaction."""
        with self._transaction() as connection:
            put_rows(connection, self._table, rows, state)
            self._keep(connection, state)

    def remove(self, keys: Keys) -> None:
        """Remove rows."""
        with self._transaction() as connection:
            connection.execute(
                on("DELETE FROM {} WHERE key = ANY (%s)", self._table), (keys.tolist(),)
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
                build_graph(connection, self._table, self._graph, state.graph)
        with self._turn, said(self._address):
            self._connection.execute(on("ANALYZE {}", self._table))

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
                ask(
                    self._connection,
                    self._table,
                    state,
                    query,
                    count,
                    metric,
                    where,
                    hidden,
                    by_graph=by_graph,
                )
                for query, hidden in zip(queries, without, strict=True)
            ]

    def rows(self) -> int:
        """How many rows there are."""
        with self._transaction() as connection:
            row = connection.execute(on("SELECT count(*) FROM {}", self._table)).fetchone()
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

    def _keep(self, connection: Any, state: Published) -> None:
        connection.execute(
            on(
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
