"""Several items become one vector: the likes, less a little of the dislikes, by Rocchio."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import UsageError
from lookalike.reduce.unit import unit_length
from lookalike.store.records import Space
from lookalike.types import Floats

LIKED = 0.75
"""Rocchio's beta: the part of the mean of what is liked."""
DISLIKED = 0.15
"""Rocchio's gamma: the part of the mean of what is disliked."""
_NOTHING = 1e-6

Term: TypeAlias = tuple[NDArray[Any], float]
"""A vector (dim,) float32, or packed bits, and its weight."""


def combine(liked: Sequence[Term], disliked: Sequence[Term], space: Space) -> NDArray[Any]:
    """One query of several: float32 (dim,), or packed bits where there is one liked item only.

    Each vector is scaled to length 1 first, then 0.75 times the weighted mean of what is liked
    less 0.15 times that of what is disliked is taken (Rocchio, "Relevance feedback in
    information retrieval", 1971, with the constants of Manning et al., "Introduction to
    Information Retrieval", 2008, section 9.1.1). Only the direction counts for the cosine; in
    spaces of other metrics the result has the mean length of what is liked. Bits count as -1
    and 1, and the result, in -1..1, is compared by the weighted mean of Hamming similarities
    (`index.soft_bits`).

    Raises `UsageError` when the items cancel out, or when nothing is liked where the metric
    knows no opposite.
    """
    if len(liked) == 1 and not disliked:
        return liked[0][0]
    if not liked and space.metric in {"l1", "l2"}:
        raise UsageError(
            f"Space {space.name!r} compares by {space.metric}, which knows no opposite of "
            "something: name something that is liked, too."
        )
    most = max(weight for _, weight in (*liked, *disliked))  # so that no sum is too large
    liked, disliked = (
        [(_signs(v, space.dim) if space.of_bits else v, w / most) for v, w in part]
        for part in (liked, disliked)
    )
    total = np.zeros(space.dim)
    for terms, part in ((liked, LIKED), (disliked, -DISLIKED)):
        for vector, weight in terms:
            scaled = vector if space.of_bits else unit_length(vector[None])[0]
            total += part * weight / len(terms) * scaled.astype(np.float64)
    scale = float(np.abs(total).max() if space.of_bits else np.linalg.norm(total))
    if scale < _NOTHING:
        raise UsageError("The items of the question cancel each other out: nothing is left.")
    if space.of_bits:
        weights = [LIKED * w / len(liked) for _, w in liked]
        weights += [DISLIKED * w / len(disliked) for _, w in disliked]
        return (total / sum(weights)).astype(np.float32)
    length = 1.0 if space.metric == "cosine" else _mean_length(liked or disliked)
    combined: Floats = (total / scale * length).astype(np.float32)
    return combined


def _signs(bits: NDArray[np.uint8], dim: int) -> Floats:
    """Packed bits as -1 and 1, float32 (dim,)."""
    return np.unpackbits(bits, count=dim).astype(np.float32) * 2 - 1


def soft_bits(query: NDArray[Any], dim: int) -> Floats:
    """A query of a space of bits, packed or combined, as float32 (dim,) in -1..1."""
    return _signs(query, dim) if query.dtype == np.uint8 else query


def _mean_length(terms: Sequence[Term]) -> float:
    lengths = [float(np.linalg.norm(vector.astype(np.float64))) for vector, _ in terms]
    return float(np.average(lengths, weights=[weight for _, weight in terms]))
