"""Finds clusters: k-means with k given or chosen, or by density, which leaves strays out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from lookalike.errors import MissingExtraError
from lookalike.explore.components import principal
from lookalike.explore.map_neighbours import OnStep, no_step
from lookalike.reduce.unit import unit_length
from lookalike.types import Floats, Halves, Keys

Method = Literal["kmeans", "density"]
METHODS: tuple[Method, ...] = ("kmeans", "density")
COMPONENTS = 16
"""Principal components that are clustered: on photos of 20 kinds as true to the labels as all
1,280 values, and their silhouettes tell a good k from a bad one."""
TRIED = (2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48)
_ROUNDS = 25
_STARTS = 3
_SAMPLE = 2000
_SMALLEST = 5


@dataclass(frozen=True, slots=True)
class Found:
    """A cluster for each of n rows, counted from 0, -1 for a stray; the silhouettes by k tried."""

    codes: Keys
    curve: dict[int, float]


def ground(vectors: Halves, seed: int) -> Floats:
    """What is clustered: directions (n, 16) from the mean, of length 1, float32."""
    return unit_length(principal(vectors, COMPONENTS, seed))


def by_means(points: Floats, k: int | None, seed: int, on_step: OnStep = no_step) -> Found:
    """`k` clusters of unit vectors (n, d) by spherical k-means; the k of the best silhouette
    on a sample without one. No more clusters than rows.

    Dhillon and Modha (2001); by faiss.
    """
    count = len(points)
    if k is not None:
        return Found(_means(points, min(k, count), seed), {})
    tried = [number for number in TRIED if number < count]
    if not tried:
        return Found(np.zeros(count, dtype=np.int64), {})
    sample = np.sort(np.random.default_rng(seed).permutation(count)[:_SAMPLE])
    curve: dict[int, float] = {}
    codes: dict[int, Keys] = {}
    for done, number in enumerate(tried):
        codes[number] = _means(points, number, seed)
        curve[number] = silhouette(points[sample], codes[number][sample])
        on_step("choosing k", done + 1, len(tried))
    return Found(codes[max(curve, key=lambda number: curve[number])], curve)


def by_density(points: Floats, smallest: int | None) -> Found:
    """Dense groups of at least `smallest` rows (n, d) by HDBSCAN; what lies between is stray.

    Campello, Moulavi and Sander (2013); by scikit-learn. By default a group has to have five
    rows, or one in five hundred. Raises `MissingExtraError` without `[explore]`.
    """
    try:
        from sklearn.cluster import HDBSCAN
    except ImportError as error:
        raise MissingExtraError("Clusters by density", "explore") from error
    wanted = max(2, smallest or max(_SMALLEST, len(points) // 500))
    if len(points) < wanted:
        return Found(np.full(len(points), -1, dtype=np.int64), {})
    model = HDBSCAN(min_cluster_size=wanted, min_samples=min(wanted, 10), copy=True)
    return Found(np.asarray(model.fit_predict(points), dtype=np.int64), {})


def silhouette(points: Floats, codes: Keys) -> float:
    """The mean silhouette, -1..1, of unit vectors (n, d) in clusters `codes` (n,), by the cosine.

    Rousseeuw (1987). A cluster of one counts 0; fewer than two clusters give 0.
    """
    names, at = np.unique(codes, return_inverse=True)
    if len(names) < 2:
        return 0.0
    members = np.zeros((len(names), len(points)))
    members[at, np.arange(len(points))] = 1
    sizes = members.sum(axis=1)
    wide = points.astype(np.float64)
    sums = sizes[:, None] - (members @ wide) @ wide.T
    rows = np.arange(len(points))
    own = sums[at, rows] / np.maximum(sizes[at] - 1, 1)
    means = sums / sizes[:, None]
    means[at, rows] = np.inf
    other = means.min(axis=0)
    widths = (other - own) / np.maximum(np.maximum(own, other), np.finfo(np.float64).tiny)
    widths[sizes[at] == 1] = 0
    return float(widths.mean())


def _means(points: Floats, k: int, seed: int) -> Keys:
    import faiss

    if k <= 1:
        return np.zeros(len(points), dtype=np.int64)
    model = faiss.Kmeans(
        points.shape[1],
        k,
        niter=_ROUNDS,
        nredo=_STARTS,
        seed=seed,
        spherical=True,
        min_points_per_centroid=1,
        max_points_per_centroid=1000,
    )
    model.train(points)
    codes = model.index.search(points, 1)[1][:, 0]
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)
