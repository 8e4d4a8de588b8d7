"""One approximate index in a process of its own: python -m benchmarks.ann_contestant.

Takes a name, a folder with rows, queries and true scores, a recall, and "beside" where raw
faiss is to be measured too; builds, takes the least effort that reaches the recall, and
writes what was measured to found.json in the folder.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.index import building
from lookalike.index.ann import Ann
from lookalike.index.engine import ENGINES
from lookalike.index.on_rows import OnRows
from lookalike.index.tuning import Truth, tune
from lookalike.types import Floats, Halves

K = 10
BLOCK = 20_000
LINKS, BUILD_REACH = 32, 80
REACHES = (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
LATENCY_MS = 1000.0
Rows = NDArray[np.int64]


@dataclass
class Built:
    """An index that answers one query (1, d) with rows, tried with each effort in turn."""

    search: Callable[[Floats], Rows]
    efforts: Sequence[Callable[[], str]]
    size: int


def ours(
    matrix: Halves, name: str, known: Truth, recall: float, *, beside: bool
) -> dict[str, Built]:
    """An engine of this package, and faiss's own refinement around the very same index."""
    rows = np.arange(len(matrix))
    ann = building.build(name, matrix, rows, "cosine", _silent, lambda: False)
    tune(ann, matrix, rows, known, recall, LATENCY_MS)
    laid = OnRows(ann, matrix, rows)

    def search(queries: Floats) -> Rows:
        return laid.nearest(queries, K, "cosine")[1]

    chosen = f"reach {ann.effort.reach}, depth {ann.effort.depth}"
    size = _written(ann.write)
    built = {f"lookalike {name}": Built(search, [lambda: chosen], size)}
    if beside:
        raw = Built(_refined(ann, matrix), [lambda: chosen], size + matrix.nbytes)
        built[f"raw faiss, the same {name}"] = raw
    return built


def _refined(ann: Ann, matrix: Halves) -> Callable[[Floats], Rows]:
    """IndexRefine over float16 codes, with the same parameters; it holds a copy of all rows."""
    faiss: Any = importlib.import_module("faiss")
    kind = faiss.ScalarQuantizer.QT_fp16
    codes = faiss.IndexScalarQuantizer(matrix.shape[1], kind, faiss.METRIC_INNER_PRODUCT)
    codes.train(np.zeros((1, matrix.shape[1]), np.float32))
    for _, block in _blocks(matrix):
        codes.add(block)
    index = faiss.IndexRefine(ann.index, codes)
    count = K * ann.effort.depth
    inner = ann.engine.parameters(ann.effort.reach, count, None)
    parameters = faiss.IndexRefineSearchParameters(
        k_factor=float(ann.effort.depth), base_index_params=inner
    )

    def search(queries: Floats) -> Rows:
        found: Rows = index.search(queries, K, params=parameters)[1]
        return found

    return search


def hnswlib(matrix: Halves) -> Built:
    """Float32 vectors in a graph."""
    library: Any = importlib.import_module("hnswlib")
    index = library.Index("ip", matrix.shape[1])
    index.init_index(len(matrix), BUILD_REACH, LINKS)
    for start, block in _blocks(matrix):
        index.add_items(block, np.arange(start, start + len(block)))
    with tempfile.TemporaryDirectory() as folder:
        index.save_index(f"{folder}/index")
        size = Path(folder, "index").stat().st_size
    efforts = [_setter(index.set_ef, reach) for reach in REACHES]
    return Built(lambda queries: index.knn_query(queries, K, 1)[0].astype(np.int64), efforts, size)


def usearch(matrix: Halves) -> Built:
    """Float16 vectors in a graph."""
    library: Any = importlib.import_module("usearch.index")
    index = library.Index(
        ndim=matrix.shape[1],
        metric="ip",
        dtype="f16",
        connectivity=LINKS,
        expansion_add=BUILD_REACH,
    )
    for start, block in _blocks(matrix):
        index.add(np.arange(start, start + len(block)), block)

    def set_reach(reach: int) -> None:
        index.expansion_search = reach

    def search(queries: Floats) -> Rows:
        return np.asarray(index.search(queries[0], K).keys, np.int64)[None]

    return Built(search, [_setter(set_reach, reach) for reach in REACHES], index.serialized_length)


def nmslib(matrix: Halves) -> Built:
    """Float32 vectors in a graph."""
    library: Any = importlib.import_module("nmslib")
    index = library.init(method="hnsw", space="negdotprod")
    for start, block in _blocks(matrix):
        index.addDataPointBatch(block, np.arange(start, start + len(block)))
    index.createIndex({"M": LINKS, "efConstruction": BUILD_REACH, "post": 0})
    with tempfile.TemporaryDirectory() as folder:
        index.saveIndex(f"{folder}/index", save_data=True)
        size = sum(path.stat().st_size for path in Path(folder).iterdir())

    def set_reach(reach: int) -> None:
        index.setQueryTimeParams({"efSearch": reach})

    def search(queries: Floats) -> Rows:
        return np.asarray(index.knnQuery(queries[0], K)[0], np.int64)[None]

    return Built(search, [_setter(set_reach, reach) for reach in REACHES], size)


RIVALS: dict[str, Callable[[Halves], Built]] = {
    "hnswlib": hnswlib,
    "usearch": usearch,
    "nmslib": nmslib,
}


def measured(
    built: dict[str, Built], matrix: Halves, known: Truth, recall: float
) -> list[dict[str, Any]]:
    """The first effort with which all reach the recall, timed over all queries one at a time.

    Where there are two they take turns, each with a query that the other asks much earlier or
    later, so that both run on the same machine. All queries are asked once before: the first
    touch of a mapped page is no part of a search.
    """
    count = len(known.queries)
    for efforts in zip(*(one.efforts for one in built.values()), strict=True):
        chosen = [effort() for effort in efforts]
        for one in built.values():
            for query in known.queries:
                one.search(query[None])
        times = np.empty((len(built), count))
        scores = np.empty((len(built), count, K), np.float32)
        for number in range(count):
            for turn, one in enumerate(built.values()):
                place = (number + turn * count // len(built)) % count
                query = known.queries[place]
                start = time.perf_counter()
                rows = one.search(query[None])[0]
                times[turn, place] = time.perf_counter() - start
                wide = matrix[rows].astype(np.float64)
                cosines = wide @ query / np.linalg.norm(wide, axis=1)
                scores[turn, place] = np.sort(cosines)[::-1]
        found = [float(known.recall(some).mean()) for some in scores]
        if min(found) >= recall:
            break
    return [
        {
            "name": name,
            "effort": effort,
            "recall": part,
            "per_second": float(1 / some.mean()),
            "p50": float(np.percentile(some, 50) * 1000),
            "p99": float(np.percentile(some, 99) * 1000),
            "bytes": one.size / len(matrix),
        }
        for (name, one), effort, part, some in zip(built.items(), chosen, found, times, strict=True)
    ]


def main() -> None:
    """Build, measure, print."""
    name, folder, recall = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
    matrix = np.load(folder / "rows.npy", mmap_mode="r")
    saved = np.load(folder / "truth.npz")
    known = Truth(saved["queries"], saved["last"], saved["rows"], saved["hidden"])
    start = time.perf_counter()
    if name in ENGINES:
        built = ours(matrix, name, known, recall, beside="beside" in sys.argv)
    else:
        built = {name: RIVALS[name](matrix)}
    seconds = time.perf_counter() - start
    found = [{"seconds": seconds, **one} for one in measured(built, matrix, known, recall)]
    (folder / "found.json").write_text(json.dumps(found))


def _silent(_step: str, _done: int, _total: int) -> None:
    return None


def _setter(change: Callable[[int], object], value: int) -> Callable[[], str]:
    def apply() -> str:
        change(value)
        return f"reach {value}"

    return apply


def _written(write: Callable[[Any], None]) -> int:
    with tempfile.TemporaryFile() as file:
        write(file)
        return file.tell()


def _blocks(matrix: Halves) -> Iterator[tuple[int, Floats]]:
    for start in range(0, len(matrix), BLOCK):
        yield start, matrix[start : start + BLOCK].astype(np.float32)


if __name__ == "__main__":
    main()
