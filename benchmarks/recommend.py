"""Recommendations: one centre against several tastes, on simulated users and on real senders.

python -m benchmarks.recommend LIBRARY --group sender_id
python -m benchmarks.recommend --rows 1000000
"""

from __future__ import annotations

import argparse
import csv
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

import lookalike
from benchmarks.exact import generate
from benchmarks.report import Cell, Table
from lookalike.library.histories import Trial
from lookalike.library.library import Library
from lookalike.types import Floats

USERS, LIKES, HELD_OUT, K = 1000, 20, 5, 10
KINDS = (1, 2, 3, 4)
STRANGE = 0.1
DROPPED = {"Not sure", "Other", "Skip"}


def simulate(labels: dict[str, list[str]], kinds: int, path: Path) -> None:
    """Users who like so many kinds, one of them more than the next, and a tenth of anything."""
    chance = np.random.default_rng([kinds, 7])
    names = [name for name, ids in labels.items() if len(ids) >= LIKES]
    everything = [id_ for ids in labels.values() for id_ in ids]
    rows = []
    for user in range(USERS):
        liked = chance.permutation(len(names))[:kinds]
        shares = 1.0 / np.arange(1, kinds + 1)
        seen: set[str] = set()
        while len(seen) < LIKES + HELD_OUT:
            kind = names[chance.choice(liked, p=shares / shares.sum())]
            pool = everything if chance.random() < STRANGE else labels[kind]
            id_ = pool[chance.integers(len(pool))]
            if id_ not in seen:
                seen.add(id_)
                rows.append((user, id_))
    _write(path, rows)


def compared(library: Library, group: str | None, work: Path) -> Table:
    """nDCG and the like of the last likes of each user, by each way to recommend."""
    labels: dict[str, list[str]] = {}
    rows = []
    for id_ in library.ids:
        image = library.get(id_)
        if image.label and image.label not in DROPPED:
            labels.setdefault(image.label, []).append(id_)
        if group is not None:
            rows.append((image.meta[group], id_))
    found: list[list[Cell]] = []
    path = work / "histories.csv"
    for kinds in KINDS:
        simulate(labels, kinds, path)
        trial = library.evaluate_recommendations(path, hold_out=HELD_OUT, k=K)
        found += _rows(f"{kinds} kind{'s' * (kinds > 1)}", trial)
    if group is not None:
        _write(path, rows)
        found += _rows(group, library.evaluate_recommendations(path, hold_out=0.2, k=K))
    columns = ["users", "way", "recall@10", "hit@10", "ndcg@10", "mrr", "novelty", "diversity"]
    return Table("Recommendations", [*columns, "coverage"], found)


def _rows(users: str, trial: Trial) -> list[list[Cell]]:
    return [
        [
            users,
            way.name,
            *(f"{one.value:.3f} ({one.low:.3f}-{one.high:.3f})" for one in way.estimates.values()),
            round(way.coverage, 3),
        ]
        for way in trial.ways
    ]


def many(rows: int, each: int, work: Path) -> Table:
    """So many rows, `each` a user, over 20,000 generated vectors: seconds and memory."""
    count = 20_000
    generate(work / "vectors.npy", count)
    vectors = np.load(work / "vectors.npy", mmap_mode="r")
    ids = [f"{number:07d}" for number in range(count)]
    chance = np.random.default_rng(0)
    likes = chance.integers(0, count, rows)
    _write(work / "many.csv", ((row // each, ids[item]) for row, item in enumerate(likes.tolist())))
    with lookalike.open(work) as library:
        whole: Floats = vectors[:].astype(np.float32)
        library.import_vectors("made", [(ids, whole)])
        del whole
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        written = library.recommend_to_all(work / "many.csv", work / "out.csv", space="made")
        seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cells: list[Cell] = [rows, rows // each, written.recommended, round(seconds, 1), after // 1024]
    columns = ["rows", "users", "recommendations", "s", "highest memory, MB", "before, MB"]
    return Table("All users", columns, [[*cells, before // 1024]])


def _write(path: Path, rows: object) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("user", "item"))
        writer.writerows(rows)  # type: ignore[arg-type]


def main() -> None:
    """Print the table of what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", nargs="?")
    parser.add_argument("--group", help="A column whose values are users, too.")
    parser.add_argument("--rows", type=int, help="Time so many rows of histories.")
    parser.add_argument("--each", type=int, default=50, help="Rows a user.")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        if wanted.rows:
            print(many(wanted.rows, wanted.each, Path(work)).markdown())
        if wanted.library:
            with lookalike.open(wanted.library, create=False) as library:
                print(compared(library, wanted.group, Path(work)).markdown())


if __name__ == "__main__":
    main()
