"""Asks a table of PostgreSQL for the nearest rows: by its HNSW index, or by a scan."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pgvector import HalfVector, Vector
from psycopg import sql

from lookalike.index.remote.mirror import Published, Where
from lookalike.index.remote.postgres_values import bits, clean
from lookalike.types import Keys, Metric

_MOST_HALF = 65_504


class Way(NamedTuple):
    """How pgvector compares by a metric: the operator, and the kind of index that knows it."""

    operator: sql.SQL
    opclass: sql.SQL


WAYS: dict[Metric, Way] = {
    "cosine": Way(sql.SQL("<=>"), sql.SQL("halfvec_cosine_ops")),
    "ip": Way(sql.SQL("<#>"), sql.SQL("halfvec_ip_ops")),
    "l2": Way(sql.SQL("<->"), sql.SQL("halfvec_l2_ops")),
    "l1": Way(sql.SQL("<+>"), sql.SQL("halfvec_l1_ops")),
    "hamming": Way(sql.SQL("<~>"), sql.SQL("bit_hamming_ops")),
}


def ask(
    connection: Any,
    table: sql.Identifier,
    state: Published,
    query: NDArray[Any],
    count: int,
    metric: Metric,
    where: Where | None,
    hidden: Keys,
    *,
    by_graph: bool,
) -> Keys:
    """Keys of the nearest, by the index; where that gives too few, and without one, by a scan.

    `hidden` are keys that are no answers.
    """
    text, given = where or ("TRUE", [])
    values = [clean(value) for value in given]
    conditions = sql.SQL(text)
    if len(hidden):
        conditions = sql.SQL("({}) AND key <> ALL (%s)").format(conditions)
        values.append(hidden.tolist())
    operator = WAYS[metric].operator
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
        found = _select(connection, table, conditions, order, [*values, question, count])
        if len(found) == count:
            return found
        question = question if state.bits else Vector(query)
    return _select(connection, table, conditions, scan, [*values, question, count])


def _select(
    connection: Any, table: sql.Identifier, where: Any, order: Any, values: list[Any]
) -> Keys:
    found = connection.execute(
        sql.SQL("SELECT key FROM {} WHERE {} ORDER BY {} LIMIT %s").format(table, where, order),
        values,
    )
    return np.fromiter((key for (key,) in found), np.int64)
