"""One way of exact search in a process of its own: python -m benchmarks.exact_contestant.

Takes a name and a matrix; for each line "QUERIES SEED" it answers with seconds and rows.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.index.exact import top_k
from lookalike.types import Floats, Halves

DIM = 1280
K = 10
BLOCK = 10_000
OURS = "lookalike"
Search = Callable[[Floats], NDArray[np.int64]]
"""Unit queries (q, DIM) -> rows of the best (q, K)."""


def ours(matrix: Halves) -> Search:
    """The memory-mapped matrix as it lies."""
    return lambda queries: top_k(matrix, queries, K, "cosine", unit=True)[1]


def numpy_float32(matrix: Halves) -> Search:
    """A float32 copy, one product, a partial selection."""
    wide = np.empty(matrix.shape, np.float32)
    for start, block in _blocks(matrix):
        wide[start : start + len(block)] = block
    return lambda queries: _best(wide @ queries.T)


def numpy_float16(matrix: Halves) -> Search:
    """The float16 product of NumPy, which no BLAS does."""
    return lambda queries: _best(matrix @ queries.T.astype(np.float16))


def faiss_flat(matrix: Halves) -> Search:
    """IndexFlatIP: its own float32 copy."""
    import faiss

    return _filled(faiss.IndexFlatIP(DIM), matrix)


def faiss_fp16(matrix: Halves) -> Search:
    """The fp16 scalar quantizer: its own copy."""
    import faiss

    kind = faiss.ScalarQuantizer.QT_fp16
    return _filled(faiss.IndexScalarQuantizer(DIM, kind, faiss.METRIC_INNER_PRODUCT), matrix)


CONTESTANTS: dict[str, Callable[[Halves], Search]] = {
    OURS: ours,
    "NumPy float32 product": numpy_float32,
    "NumPy float16 product": numpy_float16,
    "faiss IndexFlatIP": faiss_flat,
    "faiss scalar quantizer fp16": faiss_fp16,
}


def _filled(index: Any, matrix: Halves) -> Search:
    index.train(np.zeros((1, DIM), np.float32))
    for _, block in _blocks(matrix):
        index.add(block)

    def search(queries: Floats) -> NDArray[np.int64]:
        rows: NDArray[np.int64] = index.search(queries, K)[1]
        return rows

    return search


def _blocks(matrix: Halves) -> Iterator[tuple[int, Floats]]:
    for start in range(0, len(matrix), BLOCK):
        yield start, matrix[start : start + BLOCK].astype(np.float32)


def _best(scores: NDArray[Any]) -> NDArray[np.int64]:
    """Rows of the K largest of each column of scores (n, q), in no order: (q, K)."""
    return np.argpartition(scores, -K, axis=0)[-K:].T


def anonymous_memory() -> int:
    """Bytes of this process that no file backs."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


def main(name: str, path: str) -> None:
    """Answer questions until stdin ends."""
    matrix = np.load(path, mmap_mode="r")
    search = CONTESTANTS[name](matrix)
    print(json.dumps({"anonymous": anonymous_memory()}), flush=True)
    for line in sys.stdin:
        count, seed = map(int, line.split())
        rng = np.random.default_rng(seed)
        queries = matrix[rng.integers(len(matrix), size=count)].astype(np.float32)
        queries += 0.3 / np.sqrt(DIM) * rng.standard_normal(queries.shape).astype(np.float32)
        queries /= np.linalg.norm(queries, axis=1, keepdims=True)
        start = time.perf_counter()
        rows = search(queries)
        seconds = time.perf_counter() - start
        answer = {"seconds": seconds, "rows": rows.tolist(), "anonymous": anonymous_memory()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
