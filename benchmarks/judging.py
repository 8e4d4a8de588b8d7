"""How many verdicts precision@10 takes to +/- 0.03: as `judge` draws them, and at random.

    python -m benchmarks.judging LIBRARY --drop 'Not sure' --drop Other --drop Skip

A person is simulated who calls two images a match when they have the same label. Both ways
look at their interval after every 25 verdicts, from 200 on, and stop when it is narrow enough.
"""

from __future__ import annotations

import argparse
from math import sqrt

import numpy as np
from numpy.typing import NDArray

import lookalike
from benchmarks.report import Table
from lookalike.evaluate.pairs import Pairs, pairs_of
from lookalike.evaluate.sampling import SURE_95, Batch, draw, estimate
from lookalike.types import Floats

K = 10
STEP = 25
FIRST = 200


def material(options: argparse.Namespace) -> tuple[Pairs, NDArray[np.float64]]:
    """All pairs of a labelled image and one of its K nearest, and whether labels agree."""
    with lookalike.open(options.library, create=False) as library:
        images = [library.get(id_) for id_ in library.ids]
        kept = [i for i, image in enumerate(images) if image.label not in {None, *options.drop}]
        matrix = np.asarray(library.matrix())[kept]
        labels = np.array([images[i].label for i in kept])
    rows: Floats = matrix.astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -np.inf)
    top = np.argsort(-cosines, axis=1, kind="stable")[:, :K]
    queries, found = np.repeat(np.arange(len(rows)), K), top.ravel()
    ranks = np.tile(np.arange(K), len(rows))
    pairs = pairs_of(queries, found, cosines[queries, found], ranks, matrix, "cosine")
    return pairs, (labels[queries] == labels[found]).astype(np.float64)


def drawn(pairs: Pairs, truth: NDArray[np.float64], seed: int, width: float) -> tuple[int, bool]:
    """Verdicts needed when drawn as `judge` draws them, and whether the interval holds."""
    generator, batches = np.random.default_rng(seed), list[Batch]()
    judged = np.empty(0, dtype=np.int64)
    while True:
        numbers, chances = draw(pairs, judged, truth[judged], STEP, generator)
        batches.append(Batch(numbers, chances, truth[numbers]))
        judged = np.concatenate([judged, numbers])
        if len(judged) < FIRST:
            continue
        found = estimate(pairs, batches)
        if (found.high - found.low) / 2 <= width:
            return len(judged), found.low <= truth.mean() <= found.high


def at_random(truth: NDArray[np.float64], seed: int, width: float) -> tuple[int, bool]:
    """The same of pairs drawn at random without replacement."""
    order = np.random.default_rng(seed).permutation(len(truth))
    for count in range(FIRST, len(truth), STEP):
        mean = truth[order[:count]].mean()
        half = SURE_95 * sqrt(mean * (1 - mean) / count * (1 - count / len(truth)))
        if half <= width:
            return count, abs(mean - truth.mean()) <= half
    return len(truth), True


def main() -> None:
    """Read the options, simulate, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("library")
    parser.add_argument("--drop", action="append", default=[], help="a label to leave out")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--width", type=float, default=0.03)
    options = parser.parse_args()
    pairs, truth = material(options)
    ways = {
        "at random": [at_random(truth, seed, options.width) for seed in range(options.seeds)],
        "judge": [drawn(pairs, truth, seed, options.width) for seed in range(options.seeds)],
    }
    base = np.mean([count for count, _ in ways["at random"]])
    table = Table(
        f"Verdicts for precision@{K} = {truth.mean():.4f} to +/- {options.width:g}, "
        f"{len(pairs):,} pairs, {options.seeds} seeds",
        ["pairs drawn", "verdicts, mean", "least", "most", "saved", "intervals that hold"],
        [
            [
                name,
                f"{np.mean([count for count, _ in runs]):.0f}",
                min(count for count, _ in runs),
                max(count for count, _ in runs),
                f"{1 - np.mean([count for count, _ in runs]) / base:.0%}",
                f"{np.mean([held for _, held in runs]):.0%}",
            ]
            for name, runs in ways.items()
        ],
    )
    print(table.markdown())


if __name__ == "__main__":
    main()
