"""Vectors on their first principal components: a start for maps, the ground for clusters."""

from __future__ import annotations

import numpy as np

from lookalike.index.halves import as_floats
from lookalike.reduce.axes import axes_of
from lookalike.types import Floats, Halves

_SAMPLE = 20_000


def principal(vectors: Halves, count: int, seed: int) -> Floats:
    """The vectors (n, d) on their first `count` principal components, float32 (n, count).

    Learned on up to 20,000 of them, drawn by `seed`. Each component's largest weight is
    positive, so that nothing is mirrored from one machine to the next. Components that the
    vectors do not have are 0.
    """
    chosen = np.sort(np.random.default_rng(seed).permutation(len(vectors))[:_SAMPLE])
    sample = as_floats(vectors[chosen]).astype(np.float64)
    mean = sample.mean(axis=0)
    sample -= mean
    _, directions = axes_of(sample.T @ sample)
    axes = directions[:, : -count - 1 : -1].T
    axes *= np.sign(np.take_along_axis(axes, np.argmax(np.abs(axes), axis=1)[:, None], axis=1))
    points = np.zeros((len(vectors), count), dtype=np.float32)
    for start in range(0, len(vectors), _SAMPLE):
        block = as_floats(vectors[start : start + _SAMPLE]).astype(np.float64) - mean
        points[start : start + _SAMPLE, : len(axes)] = block @ axes.T
    return points
