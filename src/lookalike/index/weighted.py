"""Exact search over several spaces at once, by a weighted sum of their cosines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lookalike.index.blocks import BLOCK_ROWS, Best, Ranker, numpy_ranker, onnx_ranker
from lookalike.types import Floats, Halves, Keys

_SMALL = 8_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """One space: row `rows[i]` of `matrix` (n, d) float16 is image i, by `queries` (q, d).

    `rows` is None when every row is an image, in order. `unit` as in `exact.top_k`.
    """

    matrix: Halves
    rows: Keys | None
    queries: Floats
    weight: float
    unit: bool


def weighted_top_k(parts: Sequence[Part], count: int, k: int) -> tuple[Floats, Keys]:
    """The k images with the highest sum of weight x cosine, of `count` images.

    Scores (q, k') float32, best first, and image numbers (q, k') int64; of equal scores the
    lower number comes first. The matrices are read once, a block of rows at a time.
    """
    wanted = min(k, count)
    best = Best(len(parts[0].queries), wanted)
    scorers = [(_ranker(part), _unit(part.queries)) for part in parts]
    for start in range(0, count if wanted else 0, BLOCK_ROWS):
        stop = min(start + BLOCK_ROWS, count)
        numbers = np.arange(start, stop)
        total: Floats = np.zeros((len(numbers), len(parts[0].queries)), np.float32)
        for part, (rank, queries) in zip(parts, scorers, strict=True):
            rows = slice(start, stop) if part.rows is None else part.rows[start:stop]
            block = np.ascontiguousarray(part.matrix[rows])
            total += np.float32(part.weight) * rank(block, queries)
        best.offer(numbers, total)
    best.settle()
    return best.scores, best.rows


def _ranker(part: Part) -> Ranker:
    make = numpy_ranker if part.matrix.size < _SMALL else onnx_ranker
    return make("cosine", unit=part.unit)


def _unit(queries: Floats) -> Floats:
    lengths = np.linalg.norm(queries.astype(np.float64), axis=1, keepdims=True)
    scaled: Floats = (queries / lengths).astype(np.float32)
    return scaled
