"""Near-duplicates among altered photos: recall at a precision, change by change, beside imagededup.

    python -m benchmarks.duplicates PHOTOS [--sources 200] [--imagededup PYTHON] [--twins FILE]
    python -m benchmarks.duplicates --vectors 100000 [--vectors 1000000]

imagededup runs in an environment of its own, whose interpreter is given; its best threshold for
each change is taken, the one with the highest recall at a precision of 0.99.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import lookalike
from benchmarks.altered import write_altered
from benchmarks.material import SUFFIXES, linked
from benchmarks.report import Cell, Table, save
from lookalike.explore.neighbours import near_rows
from lookalike.library.library import Library

PRECISION = 0.99
DISTRACTORS = 0.1
CONTESTANT = Path(__file__).with_name("dedup_contestant.py")
DIM = 256
BLOCK = 10_000

Scores = NDArray[np.float32]
"""How near each unaltered photo (row) is to each altered copy (column); higher is nearer."""


def chosen(photos: Sequence[Path], sources: int) -> tuple[list[Path], list[Path]]:
    """Photos to alter, and a tenth as many that only look like one of them."""
    with tempfile.TemporaryDirectory() as folder, lookalike.open(folder) as library:
        library.add(linked(list(photos), Path(folder) / "photos"))
        ids, matrix = library.ids, library.matrix()
        _, cosines = near_rows(matrix, np.arange(len(ids)), 1)
    by_name = {photo.name: photo for photo in photos}
    order = [by_name[ids[row]] for row in np.argsort(-cosines[:, 0], kind="stable")]
    count = min(sources, round(len(order) / (1 + DISTRACTORS)))
    distractors = order[: round(DISTRACTORS * count)]
    rest = sorted(set(order) - set(distractors))
    step = len(rest) / count
    return [rest[int(number * step)] for number in range(count)], distractors


def our_pairs(library: Library) -> set[tuple[str, str]]:
    """All pairs of ids that are inside a group, the lower one first."""
    pairs = set()
    for group in library.duplicates().groups:
        for one, other in group.edges:
            first, second = sorted((group.images[one].id, group.images[other].id))
            pairs.add((first, second))
    return pairs


def measure_photos(
    photos: Sequence[Path], sources: int, python: str | None, twins: set[frozenset[str]], work: Path
) -> list[Table]:
    """One row for each change."""
    altered, distractors = chosen(photos, sources)
    root = work / "set"
    linked([*altered, *distractors], root / "original")
    folders = {name: place.name for name, place in write_altered(altered, root).items()}
    start = time.perf_counter()
    with lookalike.open(work) as library:
        library.add(root)
        indexed = time.perf_counter() - start
        start = time.perf_counter()
        pairs = our_pairs(library)
        took = time.perf_counter() - start
        count = len(library)
    plain = [photo.stem for photo in (*altered, *distractors)]
    copies = [photo.stem for photo in altered]
    same = np.array([[a == b or frozenset((a, b)) in twins for b in copies] for a in plain])
    columns = ["change", "lookalike recall", "precision"]
    theirs = _theirs(python, root, work) if python else {}
    columns += [f"{name} recall" for name in theirs]
    rows: list[list[Cell]] = []
    for change, folder in folders.items():
        found = _as_matrix(pairs, plain, copies, folder, {p.stem: p.name for p in photos})
        recall, precision = _recall(same, found), _precision(same, found)
        best = [_best_recall(same, scores(plain, copies, folder)) for scores in theirs.values()]
        rows.append([change, f"{recall:.3f}", f"{precision:.4f}", *(f"{one:.3f}" for one in best)])
    false = [
        pair
        for pair in pairs
        if Path(pair[0]).stem != Path(pair[1]).stem
        and frozenset(Path(id_).stem for id_ in pair) not in twins
    ]
    for pair in sorted(false)[:40]:
        print("not of one photo:", *pair)
    note = (
        f"{len(altered)} photos, {len(distractors)} distractors, {count:,} files: indexed in "
        f"{indexed:.0f} s, searched in {took:.0f} s. Of {len(pairs):,} pairs reported in all, "
        f"{len(false)} are not of one photo: precision {1 - len(false) / max(1, len(pairs)):.4f}. "
        f"Theirs: the best recall at a precision of {PRECISION} over all thresholds, row by row."
    )
    return [Table("Near-duplicates by change", columns, rows, note)]


def _as_matrix(
    pairs: set[tuple[str, str]],
    plain: Sequence[str],
    copies: Sequence[str],
    folder: str,
    names: Mapping[str, str],
) -> NDArray[np.bool_]:
    rows = {f"original/{names[stem]}": row for row, stem in enumerate(plain)}
    columns = {f"{folder}/{stem}.jpg": column for column, stem in enumerate(copies)}
    found = np.zeros((len(plain), len(copies)), bool)
    for pair in pairs:
        for one, other in (pair, pair[::-1]):
            if one in rows and other in columns:
                found[rows[one], columns[other]] = True
    return found


def _recall(same: NDArray[np.bool_], found: NDArray[np.bool_]) -> float:
    return float((same & found).sum() / same.sum())


def _precision(same: NDArray[np.bool_], found: NDArray[np.bool_]) -> float:
    return float((same & found).sum() / max(1, found.sum()))


def _best_recall(same: NDArray[np.bool_], scores: Scores) -> float:
    """The highest recall at the asked precision over all thresholds."""
    order = np.argsort(-scores, axis=None, kind="stable")
    hits, values = same.ravel()[order], scores.ravel()[order]
    true = np.cumsum(hits)
    last = np.append(values[1:] != values[:-1], True)  # equal scores stand or fall together
    fine = last & (true / np.arange(1, len(true) + 1) >= PRECISION)
    return float(true[fine].max(initial=0) / same.sum())


def _theirs(
    python: str, root: Path, work: Path
) -> dict[str, Callable[[Sequence[str], Sequence[str], str], Scores]]:
    """For each method of imagededup, how near it finds what."""
    out = work / "theirs.npz"
    subprocess.run([python, str(CONTESTANT), str(root), str(out)], check=True)
    with np.load(out, allow_pickle=False) as data:
        codes = {name: data[name] for name in data.files if name != "files"}
        files = {Path(name).parent.name + "/" + Path(name).stem: i for i, name in
                 enumerate(data["files"].tolist())}  # fmt: skip

    def scores_of(name: str) -> Callable[[Sequence[str], Sequence[str], str], Scores]:
        def scores(plain: Sequence[str], copies: Sequence[str], folder: str) -> Scores:
            one = codes[name][[files[f"original/{stem}"] for stem in plain]]
            other = codes[name][[files[f"{folder}/{stem}"] for stem in copies]]
            bits: Scores = np.bitwise_count(one[:, None] ^ other[None, :]).astype(np.float32)
            return -bits

        return scores

    return {name: scores_of(name) for name in codes}


def measure_vectors(counts: Sequence[int]) -> list[Table]:
    """Planted near-copies among generated vectors: how many are found, how long it takes."""
    rows: list[list[Cell]] = []
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            matrix, pairs = planted(count, Path(folder) / "vectors.f16")
            start = time.perf_counter()
            places, _ = near_rows(matrix, np.arange(count), 4)
            took = time.perf_counter() - start
            found = (places[pairs[:, 0]] == pairs[:, 1:]).any(axis=1)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
            rows.append([f"{count:,}", len(pairs), f"{found.mean():.4f}", f"{took:.0f}",
                         f"{1e3 * took / count:.2f}", f"{peak:.2f}"])  # fmt: skip
    columns = ["vectors", "planted", "recall", "seconds", "ms a vector", "peak GB"]
    note = (
        f"{DIM} values, float16, around 1,000 centres; copies at a cosine of about 0.95. Peak "
        "memory is that of the process, the mapped file's pages among it."
    )
    return [Table("Planted duplicates among generated vectors", columns, rows, note)]


def planted(count: int, file: Path) -> tuple[NDArray[np.float16], NDArray[np.int64]]:
    """A mapped matrix (count, DIM), in which one in twenty is a noisy copy, and which of which."""
    chance = np.random.default_rng(0)
    centres = chance.normal(size=(1000, DIM)).astype(np.float32)
    matrix = np.memmap(file, np.float16, "w+", shape=(count, DIM))
    copies = count // 20
    for start in range(0, count - copies, BLOCK):
        size = min(BLOCK, count - copies - start)
        rows = centres[chance.integers(0, 1000, size)]
        rows = rows + 1.2 * chance.normal(size=(size, DIM)).astype(np.float32)
        matrix[start : start + size] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    originals = np.sort(chance.choice(count - copies, copies, replace=False))
    for start in range(0, copies, BLOCK):
        some = matrix[originals[start : start + BLOCK]].astype(np.float32)
        some = some + 0.33 / np.sqrt(DIM) * chance.normal(size=some.shape).astype(np.float32)
        first = count - copies + start
        matrix[first : first + len(some)] = some / np.linalg.norm(some, axis=1, keepdims=True)
    matrix.flush()
    return matrix, np.stack([originals, np.arange(count - copies, count)], axis=1)


def main() -> None:
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("photos", type=Path, nargs="?")
    parser.add_argument("--sources", type=int, default=10**9, help="photos to alter; default: all")
    parser.add_argument("--imagededup", help="the Python that has imagededup")
    parser.add_argument("--twins", type=Path, help="lines of two names: photos that are one")
    parser.add_argument("--vectors", type=int, action="append", default=[])
    parser.add_argument("--work", type=Path)
    parser.add_argument("--save", action="store_true", help="keep the tables as JSON")
    options = parser.parse_args()
    tables: list[Table] = measure_vectors(options.vectors) if options.vectors else []
    if options.photos:
        found = sorted(p for p in options.photos.rglob("*") if p.suffix.lower() in SUFFIXES)
        lines = options.twins.read_text().splitlines() if options.twins else []
        twins = {frozenset(line.split()) for line in lines}
        with tempfile.TemporaryDirectory(dir=options.work) as folder:
            tables += measure_photos(
                found, options.sources, options.imagededup, twins, Path(folder)
            )
    for table in tables:
        print(table.markdown())
    if options.save:
        print(f"Saved: {save(tables)}")


if __name__ == "__main__":
    main()
