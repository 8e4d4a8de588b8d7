"""How true a map is: which neighbours stayed neighbours, and which strangers became some."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lookalike.explore.map_neighbours import unit
from lookalike.types import Floats, Halves, Keys, Metric

SAMPLE = 1000
_PAIRS_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Quality:
    """Means over a sample of points, each 0..1, higher is better.

    `preservation` is the share of the k nearest by vectors that are among the k nearest on the
    map; `trustworthiness` falls with every stranger among the latter (Venna and Kaski, 2001).
    """

    k: int
    sampled: int
    trustworthiness: float
    preservation: float


def quality(
    vectors: Halves,
    points: Floats,
    metric: Metric,
    k: int,
    rows: Keys | None = None,
) -> Quality | None:
    """Judge a map: vectors (n, d) as points (n, 2), by the `k` neighbours of sampled rows.

    `rows` are those to draw from, all by default. None for fewer than four points. `k` is
    lowered where it is not below half the number of points, as the measure needs.
    """
    count = len(points)
    k = min(k, (count - 1) // 2)
    if k < 1 or (rows is not None and not len(rows)):
        return None
    among = np.arange(count) if rows is None else rows
    sample = np.sort(np.random.default_rng(0).permutation(among)[:SAMPLE])
    wide = points.astype(np.float64)
    kept, strange = 0, 0
    step = max(1, _PAIRS_AT_ONCE // count)
    for start in range(0, len(sample), step):
        some = sample[start : start + step]
        far = _distances(vectors, some, metric)
        flat = ((wide[some, None] - wide[None]) ** 2).sum(axis=2)
        each = np.arange(len(some))
        far[each, some] = flat[each, some] = np.inf
        shown = np.argpartition(flat, k - 1, axis=1)[:, :k]
        for row, neighbours in enumerate(shown):
            ranks = 1 + np.count_nonzero(far[row] < far[row, neighbours][:, None], axis=1)
            kept += int(np.count_nonzero(ranks <= k))
            strange += int(np.maximum(ranks - k, 0).sum())
    total = len(sample)
    worst = k * (2 * count - 3 * k - 1) / 2
    return Quality(k, total, 1 - strange / (total * worst), kept / (total * k))


def _distances(vectors: Halves, rows: Keys, metric: Metric) -> Floats:
    """From some rows (m,) to all: (m, n)."""
    asked = unit(vectors[rows], metric)
    found = np.empty((len(rows), len(vectors)), dtype=np.float32)
    for start in range(0, len(vectors), 8192):
        block = unit(vectors[start : start + 8192], metric)
        products = asked @ block.T
        if metric == "cosine":
            found[:, start : start + 8192] = 1 - products
        else:
            squares = (block * block).sum(axis=1) + (asked * asked).sum(axis=1)[:, None]
            found[:, start : start + 8192] = squares - 2 * products
    return found
