"""A layout: every vector becomes a point in the plane, near the points of its neighbours."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from lookalike.cores import cores
from lookalike.errors import MissingExtraError
from lookalike.explore.map_neighbours import OnStep, no_step
from lookalike.types import Floats, Keys

Method = Literal["tsne", "pca"]
METHODS: tuple[Method, ...] = ("tsne", "pca")
NEIGHBOURS = 15
SMALLEST = 5
"""Fewer images than this are laid out by their principal components whatever was asked."""
EARLY, LATE = 125, 300
"""Steps with and without exaggeration; later ones move the map and no longer its neighbours."""
_EXAGGERATION = 12.0
_STEPS_AT_ONCE = 25
GRID_FROM = 4000
"""Points from which on the gradient is interpolated on a grid."""
_THREADS_FROM = 10_000


def neighbour_count(count: int) -> int:
    """How many neighbours pull at each point: 15, or a third of the others where few are there."""
    return max(1, min(NEIGHBOURS, (count - 1) // 3))


def tsne(start: Floats, neighbours: Keys, seed: int, on_step: OnStep = no_step) -> Floats:
    """Points (n, 2) float32 by t-SNE, from points `start` (n, 2) and neighbours (n, k).

    Each neighbour pulls alike: with a perplexity instead, fewer of the 15 nearest stayed
    together at the same time. t-SNE: van der Maaten and Hinton (2008); the gradient is
    interpolated on a grid (Linderman et al., 2019) by openTSNE; principal components as a
    start and a learning rate of n / exaggeration as in Kobak and Berens (2019); even pulls as in
    Böhm, Berens and Kobak (2022). Raises `MissingExtraError` without `[explore]`.
    """
    embedding = opened(start, neighbours, seed)
    steps = EARLY + LATE
    for done in range(0, steps, _STEPS_AT_ONCE):
        early = done < EARLY
        embedding.optimize(
            _STEPS_AT_ONCE,
            exaggeration=_EXAGGERATION if early else 1.0,
            momentum=0.5 if early else 0.8,
            learning_rate="auto",
            inplace=True,
        )
        on_step("layout", done + _STEPS_AT_ONCE, steps)
    points: Floats = np.asarray(embedding, dtype=np.float32)
    return points


def opened(start: Floats, neighbours: Keys, seed: int) -> Any:
    """An embedding of openTSNE, ready for its steps."""
    try:
        from openTSNE import TSNEEmbedding
        from openTSNE.affinity import PrecomputedAffinities
        from scipy.sparse import csr_matrix
    except ImportError as error:
        raise MissingExtraError("A map by t-SNE (or take --method pca)", "explore") from error
    count, k = neighbours.shape
    ends = np.arange(0, count * k + 1, k)
    one_way = csr_matrix((np.ones(count * k), neighbours.ravel(), ends), shape=(count, count))
    pulls = one_way + one_way.T
    return TSNEEmbedding(
        _small(start, seed),
        PrecomputedAffinities(pulls / pulls.sum(), normalize=False),
        negative_gradient_method="fft" if count >= GRID_FROM else "bh",
        n_jobs=threads(count),
        random_state=seed,
    )


def threads(count: int) -> int:
    """Threads for so many points: for few, waiting for one another takes longer than the work."""
    return cores() if count >= _THREADS_FROM else 1


def _small(start: Floats, seed: int) -> Any:
    """A start so small that all points still feel each other, and no two of them the same."""
    wide = start.astype(np.float64)
    spread = float(wide[:, 0].std()) or 1.0
    jitter = np.random.default_rng(seed).normal(size=wide.shape)
    return wide / spread * 1e-4 + jitter * 1e-6
