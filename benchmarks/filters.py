"""Filters in a library of a million: resolving them, and searching what they leave."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

import lookalike
from benchmarks.ann_library import fill
from benchmarks.material import Bench
from benchmarks.report import Cell, Table
from lookalike import Library
from lookalike.search.filters.resolve import filtered
from lookalike.store.store import Store
from lookalike.types import Floats, Halves, Scalar

T = TypeVar("T")
DIM, K = 512, 10
QUERIES = 20
SHARES = (0.1, 0.01, 0.001, 0.0001)
LANGUAGE = (
    "label is null",
    "brand = 'brand 7'",
    "brand in ('brand 7', 'brand 8', 'brand 9')",
    "share < 0.5",
    "share < 0.5 and share > 0.2 and brand < 'brand 5'",
    "not brand = 'brand 7'",
    "name like '%99%'",
    "name like 'product%77'",
    "day >= 2015 and day < 2016-07",
    "id = 00000077.jpg",
)


def measure(bench: Bench) -> list[Table]:
    """Resolving by itself, then searching with and without an index."""
    count = bench.few(1_000_000, 20_000)
    home = bench.work / "library"
    fill(home, 0, count, DIM, _told)
    tables = [_resolving(home, count, bench)]
    with lookalike.open(home) as library:
        rows = _searching(library, count, "no index")
        report = library.build_index("ivfpq" if bench.quick else "auto")
        rows += _searching(library, count, report.engine)
    columns = [
        "", "filter", "images left", "resolved ms", "search ms", "with --exact ms",
        "matches given", "recall@10", "how",
    ]  # fmt: skip
    note = (
        f"Medians over {QUERIES} queries. `share` is drawn evenly and knows nothing of the "
        "vectors; `side` is a coordinate of the vector, so that what it leaves lies together. "
        "Recall is against NumPy in float64 over the images left."
    )
    return [*tables, Table(f"Searching {count:,} x {DIM} with a filter", columns, rows, note)]


def _told(number: int, vector: Floats) -> dict[str, Scalar]:
    rng = np.random.default_rng(number)
    day = f"20{10 + number % 10}-{1 + number % 12:02}-{1 + number % 28:02}"
    return {
        "share": float(rng.random()),
        "side": float(vector[0]),
        "brand": f"brand {number % 1000}",
        "day": day,
        "name": f"Product number {number}",
    }


def _resolving(home: Path, count: int, bench: Bench) -> Table:
    rows: list[list[Cell]] = []
    for where in LANGUAGE:
        with Store.open(home / ".lookalike") as store:
            ask = partial(filtered, store.column_cache, where)
            first, found = _timed(ask)
            again = min(_timed(ask)[0] for _ in range(bench.rounds))
        with Store.open(home / ".lookalike") as store:
            from_file, _ = _timed(partial(filtered, store.column_cache, where))
        rows.append([f"`{where}`", len(found.keys), first, from_file, again])
    columns = ["filter", "images left", "first use", "first use, cached file", "again"]
    return Table(f"Resolving a filter over {count:,} images, milliseconds", columns, rows)


def _searching(library: Library, count: int, engine: str) -> list[list[Cell]]:
    matrix, ids = library.matrix(), np.array(library.ids)
    sides = np.sort(matrix[:, 0].astype(np.float32))[::-1]
    queries = np.asarray(matrix[:: count // QUERIES][:QUERIES], np.float32)
    filters = [f"share < {share}" for share in SHARES]
    filters += [f"side >= {sides[int(share * count)]}" for share in SHARES]
    return [
        [engine, f"`{where}`", *_searched(library, where, matrix, ids, queries)]
        for where in filters
    ]


def _searched(
    library: Library, where: str, matrix: Halves, ids: NDArray[np.str_], queries: Floats
) -> list[Cell]:
    left = np.isin(ids, library.filter(where))
    rows, names = matrix[left].astype(np.float64), ids[left]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    resolved, times, exact, found, right, how = [], [], [], [], [], ""
    for query in queries:
        seconds, hits = _timed(partial(library.search, query, K, where=where))
        assert hits.explanation is not None
        how = hits.explanation.scan
        resolved.append(1000 * hits.explanation.filter_seconds)
        times.append(seconds)
        exact.append(_timed(partial(library.search, query, K, where=where, exact=True))[0])
        best = names[np.argsort(-(rows @ query), kind="stable")[:K]]
        found.append(len(hits))
        right.append(len(set(hits.ids) & set(best)) / max(1, len(best)))
    full = f"{min(found)} of {min(K, len(names))}"
    middle = [float(np.median(some)) for some in (resolved, times, exact)]
    return [len(names), *middle, full, float(np.mean(right)), how]


def _timed(run: Callable[[], T]) -> tuple[float, T]:
    """Milliseconds, and what came of it."""
    start = time.perf_counter()
    result = run()
    return 1000 * (time.perf_counter() - start), result
