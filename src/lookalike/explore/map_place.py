"""Puts new points into a layout that is there, without moving a point of it."""

from __future__ import annotations

import numpy as np

from lookalike.errors import MissingExtraError
from lookalike.explore.map_layout import GRID_FROM, threads
from lookalike.explore.map_neighbours import OnStep, no_step
from lookalike.types import Floats, Keys

EARLY, STEPS = 50, 100
_EXAGGERATION = 4.0
_STEPS_AT_ONCE = 5
_MOMENTUM = 0.8
_LONGEST = 2.0


def near_neighbours(points: Floats, neighbours: Keys) -> Floats:
    """Where each new point starts: the median (m, 2) of its neighbours' points.

    `points` (n, 2) is the layout, `neighbours` (m, k) are rows of it. The median lies among
    most of them where a mean would lie between two groups.
    """
    middle: Floats = np.median(points[neighbours], axis=1).astype(np.float32)
    return middle


def settled(points: Floats, start: Floats, neighbours: Keys, on_step: OnStep = no_step) -> Floats:
    """New points (m, 2) after some steps of t-SNE in which only they move.

    `neighbours` (m, k) are rows of the layout (n, 2) with the new points after it. Every
    neighbour pulls, all points push, as they would if everything were laid out together; the
    gradient and its steps are those of openTSNE. Raises `MissingExtraError` without `[explore]`,
    which made the layout, perhaps elsewhere.
    """
    try:
        from openTSNE.tsne import kl_divergence_bh, kl_divergence_fft
        from scipy.sparse import csr_matrix
    except ImportError as error:
        what = "Placing images on a map by t-SNE (or lay it out anew with --method pca)"
        raise MissingExtraError(what, "explore") from error

    old, count = len(points), len(points) + len(start)
    k = neighbours.shape[1]
    ends = np.concatenate([np.zeros(old, np.int64), np.arange(0, len(start) * k + 1, k)])
    one_way = csr_matrix((np.ones(len(start) * k), neighbours.ravel(), ends), shape=(count, count))
    pulls = (one_way + one_way.T) / (count * k)  # what both ways of every neighbour weigh in all
    gradient_of = kl_divergence_fft if count >= GRID_FROM else kl_divergence_bh
    everything = np.concatenate([points, start]).astype(np.float64)
    everything -= (middle := everything.mean(axis=0))
    step, gains = np.zeros_like(start, np.float64), np.ones_like(start, np.float64)
    for done in range(STEPS):
        stronger = _EXAGGERATION if done < EARLY else 1.0
        _, gradient = gradient_of(
            everything,
            pulls * stronger,
            dof=1,
            bh_params={"theta": 0.5},
            fft_params={
                "n_interpolation_points": 3,
                "min_num_intervals": 50,
                "ints_in_interval": 1,
            },
            n_jobs=threads(count),
        )
        slope = np.asarray(gradient)[old:]
        gains = np.where(np.sign(step) != np.sign(slope), gains + 0.2, gains * 0.8 + 0.01)
        step = _MOMENTUM * step - count / stronger * gains * slope
        lengths = np.linalg.norm(step, axis=1, keepdims=True)
        step *= np.minimum(1, _LONGEST / np.maximum(lengths, _LONGEST / 10))
        everything[old:] += step
        if (done + 1) % _STEPS_AT_ONCE == 0:
            on_step("placing", done + 1, STEPS)
    moved: Floats = (everything[old:] + middle).astype(np.float32)
    return moved
