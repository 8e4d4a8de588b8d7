"""Linear discriminants of labelled vectors, in closed form: seconds for ten thousand images.

Fisher (1936), Rao (1948); the scatter within classes is shrunk towards a multiple of the
identity as Friedman does it, "Regularized Discriminant Analysis" (1989). Vectors are whitened
by that scatter, then projected onto the directions in which the means of the classes differ.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lookalike.learn.linear import LinearMap
from lookalike.types import Floats, Keys

STRENGTHS = (0.1, 0.3, 0.5, 0.7, 0.9, 0.97)
"""Shares of the identity in the scatter within classes; 1 leaves the vectors' own distances."""
_BLOCK = 8192
_NOTHING = 1e-7
_LEAST = 1e-12
"""Scatter below which vectors are taken for identical."""


def discriminants(
    vectors: Floats, codes: Keys, strengths: Sequence[float], most: int
) -> list[LinearMap]:
    """A map for each strength, in 0..1, onto at most `most` directions.

    `vectors` (m, d) have length 1, `codes` (m,) number their classes. The costly part, one
    eigendecomposition of d x d, is shared by all strengths.
    """
    classes, members, sizes = np.unique(codes, return_inverse=True, return_counts=True)
    mean = vectors.mean(axis=0, dtype=np.float64)
    products = np.zeros((vectors.shape[1],) * 2)
    sums = np.zeros((len(classes), vectors.shape[1]))
    for start in range(0, len(vectors), _BLOCK):
        block = vectors[start : start + _BLOCK] - mean
        products += block.T @ block
        np.add.at(sums, members[start : start + _BLOCK], block)
    between = sums / np.sqrt(sizes)[:, None]
    scatter, axes = np.linalg.eigh((products - between.T @ between) / len(vectors))
    scatter = np.maximum(scatter, 0.0)
    turned = between @ axes / np.sqrt(len(vectors))
    return [_map(mean, axes, turned, _shrunk(scatter, strength), most) for strength in strengths]


def _shrunk(scatter: Floats, strength: float) -> Floats:
    floor = max(float(scatter.mean()), _LEAST)
    shrunk: Floats = (1 - strength) * scatter + strength * floor
    return shrunk


def _map(mean: Floats, axes: Floats, turned: Floats, scatter: Floats, most: int) -> LinearMap:
    scale = 1.0 / np.sqrt(scatter)
    _, strengths, directions = np.linalg.svd(turned * scale, full_matrices=False)
    kept = min(most, max(1, int((strengths > strengths[0] * _NOTHING).sum())))
    weights = (axes * scale) @ directions[:kept].T
    return LinearMap(mean.astype(np.float32), weights.astype(np.float32))
