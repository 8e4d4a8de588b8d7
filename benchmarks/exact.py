"""Exact search against plain products and faiss: milliseconds a query, and memory."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.exact_contestant import CONTESTANTS, DIM, OURS
from benchmarks.material import Bench
from benchmarks.processes import module
from benchmarks.report import Cell, Table
from lookalike.reduce.unit import unit_length

BLOCK = 10_000
CLUSTERS = 1000
MANY = 64
SLOW = {"NumPy float16 product"}
"""Too slow for a batch, and timed less often."""


def measure(bench: Bench) -> list[Table]:
    """One table a size; ours runs again beside each rival, the two in turns."""
    sizes = [10_000, 20_000] if bench.quick else [10_000, 100_000, 1_000_000]
    return [_table(bench, count) for count in sizes]


def _table(bench: Bench, count: int) -> Table:
    matrix = bench.work / f"{count}.npy"
    generate(matrix, count)
    times = bench.rounds * (8 if count < 500_000 else 3)
    rows: list[list[Cell]] = []
    for rival in CONTESTANTS:
        if rival == OURS:
            continue
        with started(OURS, matrix) as ours, started(rival, matrix) as theirs:
            one = _alternate(ours, theirs, 1, bench.rounds if rival in SLOW else times)
            many = [] if rival in SLOW else _alternate(ours, theirs, MANY, bench.rounds)
            if not rows:
                rows.append(_row(OURS, ours, [o for o, _ in one], [o for o, _ in many]))
            rows.append(_row(rival, theirs, [t for _, t in one], [t for _, t in many]))
            rows[-1] += [_ratio(one), _ratio(many), _agreement(ours, theirs)]
    rows[0] += ["", "", ""]
    matrix.unlink()
    columns = [
        "",
        "ms, one query",
        f"ms a query of {MANY}",
        "one / many",
        "anonymous MiB",
        "ours / theirs, one",
        f"ours / theirs, {MANY}",
        "same top 10",
    ]
    note = "Medians; a ratio is the median of those of neighbours in time. Memory: all the process."
    return Table(f"Exact search, {count:,} x {DIM}", columns, rows, note)


class Contestant:
    """A process that holds one index and answers when asked."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.anonymous = self._read()["anonymous"]

    def ask(self, queries: int, seed: int) -> dict[str, Any]:
        """Seconds for a batch of queries, and the rows found."""
        if self._process.stdin is None:
            raise SystemExit("A contestant has no stdin.")
        self._process.stdin.write(f"{queries} {seed}\n")
        self._process.stdin.flush()
        answer = self._read()
        self.anonymous = answer["anonymous"]
        return answer

    def _read(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise SystemExit("A contestant died.")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def started(name: str, matrix: Path) -> Iterator[Contestant]:
    """A contestant, ended afterwards so that its memory is free for the next."""
    command = module("exact_contestant", name, matrix)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Contestant(process)
        finally:
            process.kill()


def generate(path: Path, count: int) -> None:
    """Clustered unit vectors, float16 (count, DIM), written block by block."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((CLUSTERS, DIM), np.float32)
    matrix = np.lib.format.open_memmap(path, "w+", np.float16, (count, DIM))
    for start in range(0, count, BLOCK):
        block = rng.standard_normal((min(BLOCK, count - start), DIM), np.float32)
        block += centres[rng.integers(CLUSTERS, size=len(block))]
        matrix[start : start + len(block)] = unit_length(block)
    matrix.flush()


def _alternate(
    ours: Contestant, theirs: Contestant, queries: int, times: int
) -> list[tuple[float, float]]:
    """Milliseconds a query of each, in turns, after one that warms up."""
    found = []
    for number in range(times + 1):
        pair = (ours, theirs) if number % 2 else (theirs, ours)
        seconds = {id(one): one.ask(queries, number)["seconds"] for one in pair}
        found.append((seconds[id(ours)], seconds[id(theirs)]))
    return [(1000 * a / queries, 1000 * b / queries) for a, b in found[1:]]


def _row(name: str, who: Contestant, one: list[float], many: list[float]) -> list[Cell]:
    alone = median(one)
    together: list[Cell] = [median(many), alone / median(many)] if many else ["", ""]
    return [name, alone, *together, who.anonymous / 2**20]


def _ratio(pairs: list[tuple[float, float]]) -> Cell:
    return median(ours / theirs for ours, theirs in pairs) if pairs else ""


def _agreement(ours: Contestant, theirs: Contestant) -> float:
    pairs = [(ours.ask(1, seed)["rows"], theirs.ask(1, seed)["rows"]) for seed in range(3)]
    shares = [len(set(a[0]) & set(b[0])) / len(a[0]) for a, b in pairs]
    return float(np.mean(shares))
