"""Exact search over packed bits, beside faiss's own binary index and a loop in NumPy."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import faiss
import numpy as np

from benchmarks.material import Bench
from benchmarks.report import Cell, Table
from lookalike.index.hamming import top_k
from lookalike.types import Bits

K = 10
SIZES = ((64, 1_000_000), (500, 1_000_000), (512, 1_000_000), (24_500, 50_000))
"""Bits and rows: a perceptual hash, hashed vectors, hashed feature maps (49 cells x 500)."""


def measure(bench: Bench) -> list[Table]:
    """Milliseconds a query, one and 64 at a time, from a memory-mapped file."""
    rows: list[list[Cell]] = []
    for bits, full in SIZES:
        count = bench.few(full, full // 20)
        size = -(-bits // 8)
        matrix = _mapped(bench.work / f"{bits}.bits", count, size)
        for together in (1, 64):
            queries = np.ascontiguousarray(matrix[:: count // together][:together]) ^ np.uint8(1)
            ours = _milliseconds(partial(top_k, matrix, queries, K), bench)
            index = faiss.IndexBinaryFlat(size * 8)
            index.add(np.asarray(matrix))
            theirs = _milliseconds(partial(index.search, queries, K), bench)
            plain = _milliseconds(partial(_plainly, matrix, queries), bench)
            _agree(matrix, queries)
            rows.append(
                [f"{bits}", count, together, *(t / together for t in (ours, theirs, plain))]
            )
    columns = ["bits", "rows", "queries at once", "top_k", "IndexBinaryFlat", "plain NumPy"]
    return [
        Table(
            "Hamming search, milliseconds a query",
            columns,
            rows,
            "`top_k` reads the map in place; faiss's index holds a copy in memory.",
        )
    ]


def _mapped(path: Path, count: int, size: int) -> Bits:
    generator = np.random.default_rng(0)
    path.write_bytes(generator.integers(0, 256, (count, size), dtype=np.uint8).tobytes())
    return np.memmap(path, np.uint8, "r", shape=(count, size))


def _plainly(matrix: Bits, queries: Bits) -> None:
    for query in queries:
        distances = np.bitwise_count(matrix ^ query).sum(axis=1, dtype=np.uint32)
        np.argpartition(distances, K)[:K]


def _milliseconds(run: Callable[[], object], bench: Bench) -> float:
    """The best of some rounds, after one that warms up."""
    run()
    best = float("inf")
    for _ in range(bench.rounds):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return 1000 * best


def _agree(matrix: Bits, queries: Bits) -> None:
    scores, _ = top_k(matrix, queries[:1], K)
    by_hand = np.sort(np.bitwise_count(matrix ^ queries[0]).sum(axis=1, dtype=np.uint32))[:K]
    assert (-scores[0]).astype(int).tolist() == by_hand.tolist()
