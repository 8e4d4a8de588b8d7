"""Images a second of `lookalike index` against the usual loop and the limit of its stages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from shutil import rmtree
from statistics import median

from benchmarks import stages
from benchmarks.material import Bench, large_jpegs, linked
from benchmarks.processes import lookalike, module, run, timed
from benchmarks.report import Cell, Table

BATCHES = (1, 8, 32)
RUNTIMES = {"onnx": "plain install (ONNX Runtime)", "openvino": "[fast] (OpenVINO)"}
TUNED = {"MALLOC_MMAP_THRESHOLD_": str(2**32), "MALLOC_TRIM_THRESHOLD_": str(2**32)}
ALLOCATORS = {"glibc as it is": {}, "glibc tuned": TUNED}
Round = dict[str, float]
"""What was measured in one round, by name."""


@dataclass(frozen=True, slots=True)
class Photos:
    """A folder of images, and how many of them the usual loop is given."""

    name: str
    folder: Path
    for_loop: int
    stage_seconds: float


def measure(bench: Bench) -> list[Table]:
    """Small photos, then 12-megapixel JPEGs: rates, and ratios within each round."""
    photos = linked(bench.files, bench.work / "photos")
    large = large_jpegs(bench.files, bench.work / "large", bench.few(128, 48))
    seconds = bench.few(4, 1)
    sets = [
        Photos("the photos", photos, bench.few(192, 64), seconds),
        Photos("12-megapixel JPEGs", large, bench.few(32, 8), seconds),
    ]
    return [table for one in sets for table in _tables(one, bench)]


def _tables(photos: Photos, bench: Bench) -> list[Table]:
    contestants = _contestants(photos, bench.work)
    _index(photos, bench.work, "onnx")  # so that files and the built network are cached
    rounds: list[Round] = []
    for number in range(bench.rounds):
        names = list(contestants)
        if number % 2:
            names.reverse()
        found: Round = {}
        for name in names:
            found |= contestants[name]()
        rounds.append(found)
    count = len(list(photos.folder.iterdir()))
    return [_rates(photos, rounds, count), _ratios(photos, rounds)]


def _contestants(photos: Photos, work: Path) -> dict[str, Callable[[], Round]]:
    contestants: dict[str, Callable[[], Round]] = {}
    for runtime in (name for name in RUNTIMES if name == "onnx" or find_spec("openvino")):
        contestants[f"index {runtime}"] = partial(_index, photos, work, runtime)
        contestants[f"limit {runtime}"] = partial(_limit, photos, runtime)
    for allocator in ALLOCATORS:
        for batch in BATCHES:
            loop = partial(_loop, photos, allocator, batch)
            contestants[f"loop {allocator} {batch}"] = loop
    return contestants


def _index(photos: Photos, work: Path, runtime: str) -> Round:
    """Two fresh libraries: the whole command, and the rate from first commit to last."""
    library = work / "library"
    rmtree(library, ignore_errors=True)
    command = lookalike("index", photos.folder, "--library", library, "--runtime", runtime)
    seconds = timed(command)
    rmtree(library)
    rate = float(run(module("steady", photos.folder, library, runtime))[1])
    count = len(list(photos.folder.iterdir()))
    return {f"whole {runtime}": count / seconds, f"steady {runtime}": rate}


def _limit(photos: Photos, runtime: str) -> Round:
    costs = stages.measure(photos.folder, runtime, photos.stage_seconds)
    return {
        f"limit {runtime}": costs.limit,
        f"decode {runtime}": costs.decode,
        f"hashes {runtime}": costs.hashes,
        f"network {runtime}": costs.network,
    }


def _loop(photos: Photos, allocator: str, batch: int) -> Round:
    command = module("usual_loop", photos.folder, str(batch), str(photos.for_loop))
    return {f"loop {allocator} {batch}": float(run(command, ALLOCATORS[allocator])[1])}


def _rates(photos: Photos, rounds: list[Round], count: int) -> Table:
    rows: list[list[Cell]] = []
    for runtime, name in RUNTIMES.items():
        if f"limit {runtime}" not in rounds[0]:
            continue
        costs = [1000 * _middle(rounds, f"{s} {runtime}") for s in ("decode", "hashes", "network")]
        note = "core-ms: decode and resize {:.2f}, hashes {:.2f}, network {:.2f}".format(*costs)
        rows += [
            [f"{name}: whole process", _middle(rounds, f"whole {runtime}"), ""],
            [f"{name}: first commit to last", _middle(rounds, f"steady {runtime}"), ""],
            [f"{name}: limit of its stages", _middle(rounds, f"limit {runtime}"), note],
        ]
    for allocator in ALLOCATORS:
        for batch in BATCHES:
            rate = _middle(rounds, f"loop {allocator} {batch}")
            rows.append([f"usual loop, batch {batch}, {allocator}", rate, "its start left out"])
    title = f"Indexing {photos.name}: images a second ({count:,} images, {len(rounds)} rounds)"
    return Table(title, ["", "images/s", ""], rows)


def _ratios(photos: Photos, rounds: list[Round]) -> Table:
    rows: list[list[Cell]] = []
    for runtime, name in RUNTIMES.items():
        if f"limit {runtime}" not in rounds[0]:
            continue
        for allocator in ALLOCATORS:
            loops = [f"loop {allocator} {batch}" for batch in BATCHES]
            for kind in ("steady", "whole"):
                ratios = [r[f"{kind} {runtime}"] / max(r[one] for one in loops) for r in rounds]
                what = f"{name}, {_kind(kind)} / best usual loop, {allocator}"
                rows.append([what, median(ratios), min(ratios), max(ratios)])
        shares = [r[f"steady {runtime}"] / r[f"limit {runtime}"] for r in rounds]
        what = f"{name}, {_kind('steady')} / limit of its stages"
        rows.append([what, median(shares), min(shares), max(shares)])
    note = "Each ratio is of figures of one round; the loop's own start is never counted."
    columns = ["ratio", "median", "least", "most"]
    return Table(f"Indexing {photos.name}: ratios", columns, rows, note)


def _kind(kind: str) -> str:
    return {"steady": "first commit to last", "whole": "whole process"}[kind]


def _middle(rounds: list[Round], name: str) -> float:
    return median(found[name] for found in rounds)
