"""What a cluster is like: how close its images are, the most central and the most diverse ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lookalike.explore.map_neighbours import unit
from lookalike.types import Floats, Halves, Keys

SHOWN = 12
_SAMPLE = 5000


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster: its rows (m,), the mean cosine to its centre, and rows that show it.

    `central` are nearest to the centre, nearest first; `diverse` start with the most central
    one, and each next is farthest from those before.
    """

    rows: Keys
    centre: Floats
    cohesion: float
    central: Keys
    diverse: Keys


def describe_cluster(vectors: Halves, rows: Keys) -> Cluster:
    """Describe rows (m,), at least one, of vectors (n, d) by the cosine.

    Of a cluster of more than 5,000 every so many-th row is looked at for the diverse ones.
    """
    mean = np.zeros(vectors.shape[1])
    for start in range(0, len(rows), _SAMPLE):
        mean += unit(vectors[rows[start : start + _SAMPLE]], "cosine").sum(axis=0)
    centre = unit(mean[None].astype(np.float32), "cosine")[0]
    cosines = np.concatenate(
        [
            unit(vectors[rows[start : start + _SAMPLE]], "cosine") @ centre
            for start in range(0, len(rows), _SAMPLE)
        ]
    )
    order = np.argsort(-cosines, kind="stable")
    looked_at = order[:: max(1, -(-len(rows) // _SAMPLE))]
    some = unit(vectors[rows[looked_at]], "cosine")
    diverse = [0]
    nearest = some @ some[0]
    while len(diverse) < min(SHOWN, len(some)):
        farthest = int(np.argmin(nearest))
        diverse.append(farthest)
        nearest = np.maximum(nearest, some @ some[farthest])
        nearest[diverse] = np.inf
    return Cluster(
        rows=rows,
        centre=centre,
        cohesion=float(cosines.mean()),
        central=rows[order[:SHOWN]],
        diverse=rows[looked_at[diverse]],
    )


def agreement(codes: Keys, labels: Keys) -> float:
    """Normalised mutual information, 0..1, of two groupings (n,) of the same things.

    Over the arithmetic mean of both entropies; 1 where both put everything in one group.
    """
    if not len(codes):
        return 0.0
    one, other = (np.unique(each, return_inverse=True)[1] for each in (codes, labels))
    table = np.zeros((one.max() + 1, other.max() + 1))
    np.add.at(table, (one, other), 1)
    shares = table / len(codes)
    first, second = shares.sum(axis=1), shares.sum(axis=0)
    some = shares > 0
    shared = float((shares[some] * np.log(shares[some] / np.outer(first, second)[some])).sum())
    mean = -(float((first * np.log(first)).sum()) + float((second * np.log(second)).sum())) / 2
    return shared / mean if mean > 0 else 1.0
