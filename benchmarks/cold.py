"""A cold `lookalike search FILE` on a library of 5,000 images: the whole, and its parts."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import numpy as np

import lookalike
from benchmarks.material import Bench
from benchmarks.processes import lookalike as command
from benchmarks.processes import module, run, timed
from benchmarks.report import Cell, Table
from lookalike.store.store import Store
from lookalike.types import Content, Embedded, File, Reference, Stamp

CENTRES = 1000
GROUP = 500


def measure(bench: Bench) -> list[Table]:
    """Wall milliseconds; each search is a process of its own, with the files in memory."""
    count = bench.few(5000, 1200)
    library = generated_library(bench.work / "library", count)
    query, times = bench.files[0], bench.few(4 * bench.rounds, 2)
    tables = []
    for runtime in ("onnx", *(["openvino"] if find_spec("openvino") else [])):
        search = command("search", query, "--library", library, "--runtime", runtime)
        first = timed(search)
        whole, parts = [], []
        for _ in range(times):
            whole.append(timed(search))
            python = timed([sys.executable, "-c", "pass"])
            found: dict[str, float] = json.loads(
                run(module("cold_parts", library, query, runtime))[1].splitlines()[-1]
            )
            parts.append({"start Python": python, **found})
        rows: list[list[Cell]] = [
            [name, 1000 * median(part[name] for part in parts)] for name in parts[0]
        ]
        rows += [
            ["sum of the parts", 1000 * median(sum(part.values()) for part in parts)],
            ["the command, whole process", 1000 * median(whole)],
            ["the slowest of these", 1000 * max(whole)],
            ["the first one, or one that makes the caches", 1000 * first],
        ]
        title = f"Cold `lookalike search FILE`, {count:,} images, {runtime} (median of {times})"
        tables.append(Table(title, ["", "ms"], rows))
    return tables


def generated_library(folder: Path, count: int) -> Path:
    """A library of vectors drawn around random centres, written as the pipeline would."""
    folder.mkdir()
    with lookalike.open(folder) as opened:
        space, directory = opened.space, opened.directory
    with Store.open(directory) as store, store.writing():
        source = store.source("generated")
        for group in _outcomes(count, space.dim):
            store.write(space, source, group, time.time_ns())
    return folder


def _outcomes(count: int, dim: int) -> Iterator[list[Embedded]]:
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((CENTRES, dim), np.float32)
    for start in range(0, count, GROUP):
        numbers = range(start, min(start + GROUP, count))
        vectors = rng.standard_normal((len(numbers), dim), np.float32)
        vectors += centres[rng.integers(CENTRES, size=len(numbers))]
        yield [
            Embedded(
                Reference(f"{number}.jpg", File(f"/nowhere/{number}.jpg"), f"label {number % 10}"),
                Stamp(1000, 1),
                Content(sha256(str(number).encode()).digest(), 1000, 400, 400, "JPEG", number),
                vector,
            )
            for number, vector in zip(numbers, vectors, strict=True)
        ]
