"""Indexing from packs beside many small files: the same photos as files, tar, TFRecord, Parquet.

Run: python -m benchmarks.packs --photos FOLDER [--model efficientnet-lite0] [--rounds 3]
Every library is compared with that of the files: ids, contents and vectors have to be equal.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

import lookalike
from lookalike.share.pack import pack
from lookalike.sources import open_source
from lookalike.types import Halves

FORMATS = ("tar", "tfrecord", "parquet")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--model", default="efficientnet-lite0")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shards", type=int, default=4)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        measure(given.photos, Path(place), given.model, given.rounds, given.shards)


def measure(photos: Path, place: Path, model: str, rounds: int, shards: int) -> None:
    sources: dict[str, list[Path]] = {"files": [photos]}
    for format_ in FORMATS:
        began = time.perf_counter()
        report = pack(open_source(str(photos)), place / format_, format_, shards=shards)
        taken = time.perf_counter() - began
        print(f"pack {format_}: {report.images / taken:,.0f} images/s, {report.bytes:,} bytes")
        sources[format_] = sorted((place / format_).glob("images-*"))
    rates: dict[str, list[float]] = {name: [] for name in sources}
    truth: tuple[list[str], Halves] | None = None
    for turn in range(rounds):
        for name, paths in sources.items():
            with lookalike.open(place / f"{name}-{turn}", model=model) as library:
                began = time.perf_counter()
                for path in paths:
                    library.add(path)
                rates[name].append(len(library) / (time.perf_counter() - began))
                order = np.argsort(library.ids)
                found = ([library.ids[row] for row in order], library.matrix()[order].copy())
            truth = truth or found
            same = found[0] == truth[0] and np.array_equal(found[1], truth[1])
            if not same:
                print(f"{name}: NOT the same library as that of the files")
    for name, some in rates.items():
        print(f"index {name}: {statistics.median(some):,.0f} images/s")


if __name__ == "__main__":
    main()
