"""Approximate search: engines beside raw faiss and other libraries, in a library, and streamed."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ann_library import fill
from benchmarks.material import Bench
from benchmarks.processes import lookalike, module, peak_memory, run
from benchmarks.report import Cell, Table
from lookalike.index.tuning import truth
from lookalike.reduce.unit import unit_length
from lookalike.types import Floats

DIM, NARROW = 512, 128
CLUSTERS = 1000
BLOCK = 20_000
QUERIES = 500
CONTESTANTS = (
    ("ivfpq", 0.95),
    ("ivfpq", 0.99),
    ("rabitq", 0.95),
    ("ivf", 0.95),
    ("hnsw", 0.99),
    ("hnswlib", 0.99),
    ("usearch", 0.99),
    ("nmslib", 0.99),
)
COLUMNS = ["", "target", "recall@10", "queries/s", "p50 ms", "p99 ms", "build s", "bytes a vector"]


def measure(bench: Bench) -> list[Table]:
    """Beside others at a million, in a library of a million, and ten million streamed."""
    return [
        _beside(bench, bench.few(1_000_000, 20_000)),
        _in_a_library(bench, bench.few(1_000_000, 20_000), bench.few(10_000, 1_000)),
        _streamed(bench, bench.few(10_000_000, 50_000)),
    ]


def generate(folder: Path, count: int, dim: int) -> None:
    """Clustered unit vectors: rows.npy float16 (count, dim), and truth.npz of queries."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((CLUSTERS, dim), np.float32)

    def some(number: int) -> Floats:
        block = rng.standard_normal((number, dim), np.float32)
        block += centres[rng.integers(CLUSTERS, size=number)]
        return unit_length(block)

    queries = some(QUERIES)
    header = {"descr": "<f2", "fortran_order": False, "shape": (count, dim)}
    with (folder / "rows.npy").open("wb") as file:  # not by a map: a library writes blocks too
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, count, BLOCK):
            file.write(some(min(BLOCK, count - start)).astype(np.float16).tobytes())
    matrix = np.load(folder / "rows.npy", mmap_mode="r")
    known = truth(matrix, queries, np.full(QUERIES, -1), "cosine", None, unit=True)
    np.savez(
        folder / "truth.npz",
        queries=known.queries,
        last=known.last,
        rows=known.rows,
        hidden=known.hidden,
    )


def _beside(bench: Bench, count: int) -> Table:
    folder = bench.work / "beside"
    generate(folder, count, DIM)
    rows = [
        _row(found, recall)
        for name, recall in CONTESTANTS
        for found in _contest(name, folder, recall, "beside")
    ]
    (folder / "rows.npy").unlink()
    note = (
        "Each in a process of its own, but raw faiss beside ours, query by query in turns; one "
        "query at a time on one thread, builds on all cores. "
        "Ours rescores on the mapped float16 rows, which its bytes do not count; raw faiss is "
        "IndexRefine around the same index and holds a float16 copy, which its bytes do."
    )
    return Table(f"Approximate search, {count:,} x {DIM} clustered", COLUMNS, rows, note)


def _contest(name: str, folder: Path, recall: float, *more: str) -> list[dict[str, Any]]:
    try:
        peak = peak_memory(module("ann_contestant", name, folder, str(recall), *more))
    except SystemExit as error:
        if "No module named" in str(error):
            return [{"name": f"{name}: not installed (benchmarks/rivals.txt)"}]
        raise
    found: list[dict[str, Any]] = json.loads((folder / "found.json").read_text())
    return [{**one, "anonymous": peak.anonymous} for one in found]


def _row(found: dict[str, Any], recall: float) -> list[Cell]:
    if "recall" not in found:
        return [found["name"], *[""] * (len(COLUMNS) - 1)]
    name = f"{found['name']} ({found['effort']})"
    facts = ("recall", "per_second", "p50", "p99", "seconds", "bytes")
    return [name, recall, *(float(found[fact]) for fact in facts)]


def _in_a_library(bench: Bench, count: int, added: int) -> Table:
    """Whole commands on a library: building, the first answer, adding, catching up."""
    home = bench.work / "library"
    start = time.perf_counter()
    fill(home, 0, count, DIM)
    rows: list[list[Cell]] = [[f"store {count:,} vectors", time.perf_counter() - start, ""]]
    latency = f"{count / 1e5:g}ms"  # 10 ms, the usual one, for a million: less than a scan takes
    index = lookalike("index", "--library", home, "--latency", latency)
    for recall in ("0.95", "0.99"):
        start = time.perf_counter()
        peak = peak_memory([*index, "--recall", recall])
        seconds = time.perf_counter() - start
        rows.append(
            [f"index, auto, recall {recall}: {_said(home)}", seconds, peak.anonymous / 2**20]
        )
    ask = lookalike("search", "--library", home, "id:00000005.jpg")
    run(ask)
    rows.append(["search, a new process", min(run(ask)[0] for _ in range(bench.rounds)), ""])
    exact = [*ask, "--exact"]
    rows.append(["search --exact, a new process", run(exact)[0], ""])
    start = time.perf_counter()
    fill(home, count, added, DIM)
    rows.append([f"store {added:,} more", time.perf_counter() - start, ""])
    new = lookalike("search", "--library", home, f"id:{count + 5:08d}.jpg", "--include-query")
    seconds, printed = run(new)
    found = f"{count + 5:08d}.jpg" in printed
    rows.append([f"search for one of them: {'found' if found else 'NOT FOUND'}", seconds, ""])
    seconds, _ = run([*index[:-2], "--refresh"])
    rows.append(["index --refresh", seconds, ""])
    rows.append(["search afterwards", run(new)[0], ""])
    columns = ["", "seconds", "anonymous MiB at most"]
    return Table(f"A library of {count:,} x {DIM}", columns, rows, "Whole commands, from outside.")


def _said(home: Path) -> str:
    facts = json.loads(run(lookalike("info", "--library", home, "--json"))[1])
    if not facts["indexes"]:
        return "exact search"
    (report,) = facts["indexes"].values()
    measured = report["measured"]
    return (
        f"{report['engine']}, recall {measured['recall']:.3f}, p50 {measured['p50']:.2f} ms, "
        f"p99 {measured['p99']:.2f} ms"
    )


def _streamed(bench: Bench, count: int) -> Table:
    """Mapped rows, an index that is built in blocks, and the memory of the whole process."""
    folder = bench.work / "streamed"
    generate(folder, count, NARROW)
    rows: list[list[Cell]] = [
        [*_row(found, 0.9), found["anonymous"] / 2**20]
        for name in ("ivfpq", "rabitq")
        for found in _contest(name, folder, 0.9)
    ]
    (folder / "rows.npy").unlink()
    columns = [*COLUMNS, "anonymous MiB"]
    return Table(f"Streamed, {count:,} x {NARROW}", columns, rows)
