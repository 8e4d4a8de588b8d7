"""Runs the measurements one after another and prints their tables: `make bench`.

python -m benchmarks.run --photos FOLDER --save
python -m benchmarks.run --only throughput --only memory --quick
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import again, ann, cold, exact, filters, hamming, memory, models, throughput
from benchmarks.material import Bench, drawn_photos
from benchmarks.report import Table, save

MEASUREMENTS: dict[str, Callable[[Bench], list[Table]]] = {
    "throughput": throughput.measure,
    "again": again.measure,
    "memory": memory.measure,
    "cold": cold.measure,
    "exact": exact.measure,
    "hamming": hamming.measure,
    "ann": ann.measure,
    "filters": filters.measure,
    "models": models.measure,
}


def main() -> None:
    """Read the options, measure, print, and keep the tables if asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--photos", type=Path, help="a folder of JPEGs; default: drawn garments")
    parser.add_argument("--only", action="append", choices=MEASUREMENTS, help="may be repeated")
    parser.add_argument("--rounds", type=int, default=3, help="times each contestant runs")
    parser.add_argument("--quick", action="store_true", help="small sizes: whether it works")
    parser.add_argument("--save", action="store_true", help="keep the tables as JSON")
    parser.add_argument("--work", type=Path, help="where temporary files go")
    options = parser.parse_args()
    tables: list[Table] = []
    for name in options.only or MEASUREMENTS:
        with tempfile.TemporaryDirectory(prefix="bench-", dir=options.work) as folder:
            work = Path(folder)
            photos = options.photos or drawn_photos(work / "drawn")
            bench = Bench(photos, work, options.rounds, options.quick)
            for table in MEASUREMENTS[name](bench):
                print(table.markdown(), flush=True)
                tables.append(table)
    if options.save:
        print(f"Saved: {save(tables)}")


if __name__ == "__main__":
    main()
