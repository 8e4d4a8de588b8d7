"""Puts new points into a layout that is there, without moving a point of it."""

from __future__ import annotations

import numpy as np

from lookalike.explore.map_neighbours import OnStep, no_step
from lookalike.types import Floats, Keys

STEPS = 150
_STEPS_AT_ONCE = 25


def near_neighbours(points: Floats, neighbours: Keys) -> Floats:
    """Where each new point starts: the median (m, 2) of its neighbours' points.

    `points` (n, 2) is the layout, `neighbours` (m, k) are rows of it. The median lies among
    most of them where a mean would lie between two groups.
    """
    middle: Floats = np.median(points[neighbours], axis=1).astype(np.float32)
    return middle


def settled(points: Floats, start: Floats, neighbours: Keys, on_step: OnStep = no_step) -> Floats:
    """New points (m, 2) after some steps of t-SNE in which only they move.

    Poličar, Stražar and Zupan, "Embedding to reference t-SNE space addresses batch effects"
    (2023). Needs `[explore]`, by which the layout was made.
    """
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PrecomputedAffinities
    from openTSNE.tsne import PartialTSNEEmbedding
    from scipy.sparse import csr_matrix

    count, k = neighbours.shape
    ends = np.arange(0, count * k + 1, k)
    shape = (count, len(points))
    pulls = csr_matrix((np.full(count * k, 1 / k), neighbours.ravel(), ends), shape=shape)
    none = PrecomputedAffinities(csr_matrix((len(points), len(points))), normalize=False)
    layout = TSNEEmbedding(points.astype(np.float64), none, negative_gradient_method="fft")
    partial = PartialTSNEEmbedding(
        start.astype(np.float64), layout, pulls, negative_gradient_method="bh", n_jobs=-1
    )
    for done in range(0, STEPS, _STEPS_AT_ONCE):
        partial.optimize(
            _STEPS_AT_ONCE,
            learning_rate=0.1,
            exaggeration=1.5,
            momentum=0.8,
            max_step_norm=0.25,
            inplace=True,
        )
        on_step("placing", done + _STEPS_AT_ONCE, STEPS)
    moved: Floats = np.asarray(partial, dtype=np.float32)
    return moved
