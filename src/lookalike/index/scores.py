"""Scores, of which higher is better whatever the metric, and what people read from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lookalike.types import Floats, Keys, Metric

_KEY_PLACES = 42


def similarity(scores: Floats, metric: Metric, *, bits: int = 0) -> Floats:
    """Scores of any shape as similarities, float32: higher is better.

    The cosine (-1..1) and the inner product are theirs already; a distance d of l2 or l1
    becomes 1 / (1 + d), in 0..1. A Hamming distance d of so many `bits` becomes
    cos(pi d / bits), in -1..1: two vectors lie on different sides of a random hyperplane as
    often as their angle is a part of pi, so this estimates their cosine (Charikar,
    "Similarity Estimation Techniques from Rounding Algorithms", 2002).
    """
    if metric == "hamming":
        angles = scores.astype(np.float64) * (np.pi / bits)
        return np.cos(angles).astype(np.float32)
    if metric in {"cosine", "ip"}:
        return scores
    return np.float32(1) / (np.float32(1) - scores)


def distance(scores: Floats, metric: Metric) -> Floats:
    """Scores of any shape as distances, float32: lower is better.

    cosine: 1 - cosine, in 0..2; l2: Euclidean; l1: sum of absolute differences; ip: the
    inner product, negated; hamming: bits that differ.
    """
    return np.float32(1 if metric == "cosine" else 0) - scores


def merge(parts: Sequence[tuple[Floats, Keys]], k: int) -> tuple[Floats, Keys]:
    """The best k of answers (q, k_i) from several matrices; of equal scores the lower key.

    Each keeps its own order, in which rows may be told apart by more than float32 holds, so
    that fewer are always the beginning of more.
    """
    scores = np.concatenate([scores for scores, _ in parts], axis=1)
    keys = np.concatenate([keys for _, keys in parts], axis=1)
    places = np.concatenate([_places(*part) for part in parts], axis=1)
    order = np.lexsort((places, -scores), axis=1)[:, :k]
    return np.take_along_axis(scores, order, axis=1), np.take_along_axis(keys, order, axis=1)


def _places(scores: Floats, keys: Keys) -> Keys:
    """For each row the highest key up to it among those of its score: its key, or one above."""
    group = np.cumsum(np.diff(scores, axis=1, prepend=scores[:, :1]) != 0, axis=1)
    highest: Keys = np.maximum.accumulate((group << _KEY_PLACES) | keys, axis=1)
    return highest & ((1 << _KEY_PLACES) - 1)
