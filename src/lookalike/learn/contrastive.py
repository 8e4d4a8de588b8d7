"""A linear map learned by gradient: images of a class are drawn together, others pushed apart.

The loss is that of Khosla et al., "Supervised Contrastive Learning" (2020), over cosines of
the mapped vectors. The map starts as the principal directions and is held near them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lookalike.learn.adam import Adam, Weights
from lookalike.learn.linear import LinearMap
from lookalike.types import Floats, Keys

DIRECTIONS = 128
STRENGTHS = (0.01, 0.03, 0.1, 0.3)
"""What a unit of squared distance from the start costs."""
BATCH = 512
RATE = 0.01
TEMPERATURE = 0.1


def contrastive(
    start: LinearMap, vectors: Floats, codes: Keys, strength: float, rounds: int
) -> Iterator[LinearMap]:
    """The map after each round over `vectors` (m, d) of length 1, of classes `codes` (m,).

    It starts as `start`, which one fit of the principal directions gives for all strengths. A
    round draws every image once, in random batches.
    """
    points = start.apply(vectors).astype(np.float64)
    origin = np.eye(points.shape[1])
    weights: Weights = origin.copy()
    adam = Adam(RATE)
    generator = np.random.default_rng(0)
    for _ in range(rounds):
        order = generator.permutation(len(points))
        for batch in np.array_split(order, -(-len(order) // BATCH)):
            gradient = _gradient(points[batch], codes[batch], weights)
            gradient += 2 * strength * (weights - origin)
            weights = adam.step(weights, gradient)
        yield start.then(weights.astype(np.float32))


def _gradient(points: Weights, codes: Keys, weights: Weights) -> Weights:
    """Of the mean loss by the weights, (n, n)."""
    mapped = points @ weights
    lengths = np.maximum(np.linalg.norm(mapped, axis=1, keepdims=True), 1e-12)
    unit = mapped / lengths
    logits = unit @ unit.T / TEMPERATURE
    np.fill_diagonal(logits, -np.inf)
    same = codes[:, None] == codes[None, :]
    np.fill_diagonal(same, val=False)
    partners = same.sum(axis=1, keepdims=True)
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    pull = np.where(partners > 0, shares - same / np.maximum(partners, 1), 0.0)
    pull /= max(1, int((partners > 0).sum())) * TEMPERATURE
    by_unit = (pull + pull.T) @ unit
    by_mapped = (by_unit - (by_unit * unit).sum(axis=1, keepdims=True) * unit) / lengths
    gradient: Weights = points.T @ by_mapped
    return gradient
