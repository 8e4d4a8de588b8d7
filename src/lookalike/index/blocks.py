"""Scans a matrix block by block: each is cast and multiplied once for all queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from lookalike.index.halves import as_floats
from lookalike.types import Floats, Halves, Keys, Metric

BLOCK_ROWS = 1024
_QUERIES_AT_ONCE = 256
_MOST_PENDING = 1 << 18

Value = TypeVar("Value", bound=np.generic)
Done = TypeVar("Done")
Mask: TypeAlias = NDArray[np.bool_]
Ranker: TypeAlias = Callable[[Halves, Floats], Floats]
"""Rows (b, d) float16 and queries (q, d) -> rough ranking scores (b, q), higher is better."""


def scan_blocks(
    matrix: Halves,
    queries: Floats,
    wanted: int,
    ranker: Ranker,
    skip: Mask | None,
    *,
    threads: int = 1,
) -> tuple[Floats, Keys]:
    """The worst rough score (q,) among the best `wanted` rows, and those rows (q, wanted).

    Rows are in no order; -1 stands where there are fewer. Of equal scores the lower rows
    are taken. Each thread scans a part of the rows; memory beside the matrix is a few blocks
    for each.
    """
    worst = np.empty(len(queries), dtype=np.float32)
    rows = np.empty((len(queries), wanted), dtype=np.int64)
    for start in range(0, len(queries), _QUERIES_AT_ONCE):
        some = slice(start, start + _QUERIES_AT_ONCE)

        def best_of(part: slice, asked: Floats = queries[some]) -> Best:
            best = Best(len(asked), wanted)
            for numbers, block in blocks(matrix, skip, BLOCK_ROWS, part):
                best.offer(numbers, ranker(block, asked))
            best.settle()
            return best

        first, *others = in_parts(best_of, len(matrix), threads)
        for other in others:
            first.take_in(other)
        worst[some], rows[some] = first.scores[:, -1], first.rows
    return worst, rows


def in_parts(work: Callable[[slice], Done], rows: int, threads: int) -> list[Done]:
    """What `work` makes of as many equal parts of the rows as there are threads, one in each."""
    edges = np.linspace(0, rows, threads + 1).astype(int).tolist()
    parts = [slice(start, end) for start, end in pairwise(edges)]
    if threads == 1:
        return [work(parts[0])]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, parts))


def blocks(
    matrix: NDArray[Value], skip: Mask | None, height: int, part: slice | None = None
) -> Iterator[tuple[Keys, NDArray[Value]]]:
    """Row numbers (b,) and rows (b, d) of blocks of `height` rows, without the rows to skip."""
    first, end = (part.start, part.stop) if part else (0, len(matrix))
    for start in range(first, end, height):
        block = matrix[start : min(start + height, end)]
        if skip is None:
            yield np.arange(start, start + len(block)), np.ascontiguousarray(block)
            continue
        live = np.flatnonzero(~skip[start : start + len(block)])
        if len(live):
            yield start + live, block[live]


class Best:
    """A running top list for each query: only what beats its present end is looked at.

    The lists are settled after 1, 2, 4, 8, ... blocks, since the end of a list moves less
    and less; sorting all that came in between then costs next to nothing.
    """

    def __init__(self, queries: int, wanted: int) -> None:
        self.scores = np.full((queries, wanted), -np.inf, dtype=np.float32)
        self.rows = np.full((queries, wanted), -1, dtype=np.int64)
        self._pending: list[tuple[NDArray[np.intp], Keys, Floats]] = []
        self._pending_count = 0
        self._offered = 0

    def offer(self, numbers: Keys, block: Floats) -> None:
        """Take in the scores (b, q) of rows `numbers` (b,), which rise from block to block."""
        wanted = self.scores.shape[1]
        if self._offered == 0 and len(block) > wanted:
            block = np.fmax(block, np.float32(-np.inf))
            end = np.partition(block, -wanted, axis=0)[-wanted]
            row, query = np.nonzero((block >= end) & (block > -np.inf))
        else:
            places = np.flatnonzero(block > self.scores[:, -1])  # far quicker than nonzero in 2-D
            row, query = np.divmod(places, block.shape[1])
        self._pending.append((query, numbers[row], block[row, query]))
        self._pending_count += len(row)
        self._offered += 1
        if self._offered & (self._offered - 1) == 0 or self._pending_count > _MOST_PENDING:
            self.settle()

    def take_in(self, other: Best) -> None:
        """Merge the settled lists for the same queries of other rows into these."""
        query, place = np.nonzero(other.rows >= 0)
        self._pending.append((query, other.rows[query, place], other.scores[query, place]))
        self.settle()

    def settle(self) -> None:
        """Merge what is pending into the lists."""
        count, wanted = self.scores.shape
        listed = np.repeat(np.arange(count), wanted)
        query = np.concatenate([listed, *(part[0] for part in self._pending)])
        rows = np.concatenate([self.rows.ravel(), *(part[1] for part in self._pending)])
        scores = np.concatenate([self.scores.ravel(), *(part[2] for part in self._pending)])
        order = np.lexsort((rows, -scores, query))
        query, rows, scores = query[order], rows[order], scores[order]
        place = np.arange(len(query)) - np.searchsorted(query, np.arange(count))[query]
        kept = place < wanted
        self.scores[query[kept], place[kept]] = scores[kept]
        self.rows[query[kept], place[kept]] = rows[kept]
        self._pending, self._pending_count = [], 0


def numpy_ranker(metric: Metric, *, unit: bool) -> Ranker:
    """Plain NumPy: the least to import, and the only one for l1."""

    def rank(block: Halves, queries: Floats) -> Floats:
        rows = as_floats(block)
        if metric == "l1":
            return -np.stack([np.abs(rows - query).sum(axis=1) for query in queries], axis=1)
        squares = np.einsum("ij,ij->i", rows, rows) if _needs_squares(metric, unit) else None
        return _ranking(rows @ queries.T, squares, queries, metric)

    return rank


def onnx_ranker(metric: Metric, *, unit: bool, threads: int = 0) -> Ranker:
    """ONNX Runtime, on all cores or `threads`, which casts a float16 on its way to the product."""
    session = _session(_needs_squares(metric, unit), threads)

    def rank(block: Halves, queries: Floats) -> Floats:
        products, *squares = session.run(None, {"rows": block, "queries": queries.T})
        return _ranking(products, squares[0] if squares else None, queries, metric)

    return rank


def _needs_squares(metric: Metric, unit: bool) -> bool:
    return metric == "l2" or (metric == "cosine" and not unit)


def _ranking(products: Floats, squares: Floats | None, queries: Floats, metric: Metric) -> Floats:
    if squares is None:
        return products
    if metric == "cosine":
        with np.errstate(invalid="ignore", divide="ignore"):
            lengths: Floats = np.sqrt(squares)
            return products / lengths[:, None]
    offsets: Floats = np.einsum("ij,ij->i", queries, queries)
    return np.float32(2) * products - squares[:, None] - offsets


@cache
def _session(with_squares: bool, threads: int) -> Any:
    """The graph `rows` (b, d) float16, `queries` (d, q) -> products (b, q), squares (b,)."""
    import onnxruntime
    from onnx import TensorProto, helper

    nodes = [
        helper.make_node("Cast", ["rows"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["wide", "queries"], ["products"]),
    ]
    outputs = [helper.make_tensor_value_info("products", TensorProto.FLOAT, ["b", "q"])]
    if with_squares:
        nodes.append(helper.make_node("ReduceSumSquare", ["wide", "last"], ["squares"], keepdims=0))
        outputs.append(helper.make_tensor_value_info("squares", TensorProto.FLOAT, ["b"]))
    graph = helper.make_graph(
        nodes,
        "scan",
        [
            helper.make_tensor_value_info("rows", TensorProto.FLOAT16, ["b", "d"]),
            helper.make_tensor_value_info("queries", TensorProto.FLOAT, ["d", "q"]),
        ],
        outputs,
        [helper.make_tensor("last", TensorProto.INT64, [1], [1])] if with_squares else [],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # threads that spin between two blocks take as much again, from whatever else is at work
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
