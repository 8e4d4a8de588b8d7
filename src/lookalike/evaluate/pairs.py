"""All pairs of a query and one of its k nearest, with what can be known of them unjudged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lookalike.index.halves import as_floats
from lookalike.index.pairwise import pairwise
from lookalike.reduce.axes import axes_of
from lookalike.reduce.unit import unit_length
from lookalike.types import Floats, Keys, Metric, Stored

LANDMARKS = 2048
NEAR = 50
DIRECTIONS = 64


@dataclass(frozen=True, slots=True)
class Pairs:
    """N pairs of rows: `queries` (N,), `images` (N,).

    `facts` (N, f) float32 are standardised: similarity, the similarity against both images'
    backgrounds, rank, and how many of their nearest landmarks the two share. `places`
    (N, d) float32, of length 1, say where a pair lies: the direction between its two images.
    """

    queries: Keys
    images: Keys
    facts: Floats
    places: Floats

    def __len__(self) -> int:
        return len(self.queries)


def pairs_of(
    queries: Keys, images: Keys, scores: Floats, ranks: Keys, matrix: Stored, metric: Metric
) -> Pairs:
    """Describe pairs of rows of `matrix` (n, ...), found with `scores` (N,) at `ranks` (N,)."""
    rows, numbers = np.unique(np.concatenate([queries, images]), return_inverse=True)
    left, right = numbers[: len(queries)], numbers[len(queries) :]
    generator = np.random.default_rng(0)
    landmarks = np.sort(generator.permutation(len(matrix))[:LANDMARKS])
    means, spreads, near = _backgrounds(matrix, rows, landmarks, metric)
    surprise = (scores - means[left]) / spreads[left] + (scores - means[right]) / spreads[right]
    shared = _shared(near, left, right)
    facts = np.stack([scores, surprise, ranks, shared], axis=1).astype(np.float32)
    facts = (facts - facts.mean(axis=0)) / np.maximum(facts.std(axis=0), 1e-6)
    directions = _directions(matrix, rows, landmarks)
    return Pairs(queries, images, facts, unit_length(directions[left] + directions[right]))


def _backgrounds(
    matrix: Stored, rows: Keys, landmarks: Keys, metric: Metric
) -> tuple[Floats, Floats, Keys]:
    """Mean and spread of the scores of each row with the landmarks, and its nearest ones."""
    near = min(NEAR, len(landmarks))
    means = np.empty(len(rows), dtype=np.float32)
    spreads = np.empty(len(rows), dtype=np.float32)
    nearest = np.empty((len(rows), near), dtype=np.int64)
    step = 1024
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        scores = pairwise(matrix[rows[part]], matrix[landmarks], metric)
        means[part], spreads[part] = scores.mean(axis=1), scores.std(axis=1)
        nearest[part] = np.argpartition(-scores, near - 1, axis=1)[:, :near]
    return means, np.maximum(spreads, 1e-6), nearest


def _shared(near: Keys, left: Keys, right: Keys) -> Floats:
    """The share of nearest landmarks that two rows have in common: (N,)."""
    ordered = np.sort(near, axis=1)
    offsets = np.arange(len(ordered))[:, None] * (LANDMARKS + 1)
    flat = (ordered + offsets).ravel()
    wanted = ordered[left] + offsets[right]
    places = np.searchsorted(flat, wanted).clip(0, len(flat) - 1)
    found: Floats = (flat[places] == wanted).mean(axis=1).astype(np.float32)
    return found


def _directions(matrix: Stored, rows: Keys, landmarks: Keys) -> Floats:
    """Each row in the directions in which the landmarks differ most, of length 1: (m, d)."""
    basis = _of_length_1(matrix[landmarks])
    mean = basis.mean(axis=0)
    _, vectors = axes_of(np.cov(basis - mean, rowvar=False).reshape(mean.size, -1))
    chosen = vectors[:, ::-1][:, :DIRECTIONS].astype(np.float32)
    found = np.empty((len(rows), chosen.shape[1]), dtype=np.float32)
    for start in range(0, len(rows), 1024):
        part = slice(start, start + 1024)
        found[part] = (_of_length_1(matrix[rows[part]]) - mean) @ chosen
    return unit_length(found)


def _of_length_1(vectors: Stored) -> Floats:
    """Vectors as float32 of length 1; bits become values of -1 and 1."""
    if vectors.dtype == np.uint8:
        vectors = np.unpackbits(vectors, axis=1).astype(np.int8) * 2 - 1
    return unit_length(as_floats(vectors))
