"""Peak memory of indexing, all its processes, for a number of images and three times it."""

from __future__ import annotations

from importlib.util import find_spec

from benchmarks.material import Bench, distinct_copies
from benchmarks.processes import lookalike, peak_memory
from benchmarks.report import Cell, Table

MIB = 2**20


def measure(bench: Bench) -> list[Table]:
    """The largest sum of PSS over the process tree, by runtime and number of images."""
    rows: list[list[Cell]] = []
    for times in (1, 3):
        count = times * len(bench.files)
        folder = distinct_copies(bench.files, bench.work / f"copies-{times}", count)
        for runtime in ("onnx", *(["openvino"] if find_spec("openvino") else [])):
            library = bench.work / f"library-{runtime}-{times}"
            peak = peak_memory(
                lookalike("index", folder, "--library", library, "--runtime", runtime)
            )
            sizes = [peak.total / MIB, peak.anonymous / MIB]
            rows.append([f"{runtime}, {count:,} images", *sizes, peak.processes, peak.samples])
    columns = ["", "PSS, MiB", "of it anonymous", "processes", "samples"]
    note = "PSS counts a page that processes share once, in parts. Anonymous is what no file backs."
    return [Table("Peak memory of `lookalike index`, all its processes", columns, rows, note)]
