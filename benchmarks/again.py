"""A second run over files that did not change, as a whole process."""

from __future__ import annotations

from statistics import median

from benchmarks.material import Bench, linked
from benchmarks.processes import lookalike, timed
from benchmarks.report import Cell, Table


def measure(bench: Bench) -> list[Table]:
    """Wall seconds of the first run and of the runs after it."""
    folder, library = linked(bench.files, bench.work / "photos"), bench.work / "library"
    command = lookalike("index", folder, "--library", library)
    first = timed(command)
    again = [timed(command) for _ in range(bench.rounds)]
    count = len(bench.files)
    rows: list[list[Cell]] = [
        ["first run", first, count / first],
        [f"again, unchanged (median of {len(again)})", median(again), count / median(again)],
    ]
    title = f"`lookalike index` twice over {count:,} files, whole process"
    return [Table(title, ["", "seconds", "images/s"], rows)]
