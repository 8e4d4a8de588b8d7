"""Ranks a whole gallery for each query, a block of queries at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lookalike.evaluate.split import Split
from lookalike.index.pairwise import pairwise
from lookalike.types import Floats, Keys, Metric, Stored

CELLS_AT_ONCE = 2_000_000
"""Pairs of a query and an image that are held at a time; a pair costs about 60 bytes."""


@dataclass(frozen=True, slots=True)
class View:
    """One space for evaluation: row `rows[i]` of `matrix` is image i; None: in order."""

    matrix: Stored
    rows: Keys | None
    metric: Metric
    weight: float = 1.0

    def of(self, images: Keys) -> Stored:
        """The vectors of some images (m,), which rise: (m, ...)."""
        if self.rows is None and len(images) == len(self.matrix):
            return self.matrix  # all rows, which stay where they are
        vectors: Stored = self.matrix[images if self.rows is None else self.rows[images]]
        return vectors


def query_blocks(split: Split) -> Iterator[Keys]:
    """The queries, as many at a time as the gallery's size allows."""
    step = max(1, CELLS_AT_ONCE // max(1, len(split.gallery)))
    for start in range(0, len(split.queries), step):
        yield split.queries[start : start + step]


class Ranker:
    """Scores a gallery by one space or by the weighted sum of several spaces' cosines."""

    def __init__(self, views: Sequence[View], split: Split) -> None:
        self._views = views
        self._split = split
        self._galleries = [view.of(split.gallery) for view in views]

    def scores(self, queries: Keys) -> Floats:
        """Scores (q, g) of the gallery, higher is better; -inf for what is no answer."""
        total: Floats = np.zeros((len(queries), len(self._split.gallery)), dtype=np.float32)
        for view, gallery in zip(self._views, self._galleries, strict=True):
            scores = pairwise(view.of(queries), gallery, view.metric)
            total += np.float32(view.weight) * scores
        total[self._split.hidden(queries)] = -np.inf
        return total


def ordered(scores: Floats) -> Keys:
    """The places of `scores` (q, g), best first; of equal scores the lower place: int64 (q, g).

    Scores become integers of the same order with the place behind them, which sort fastest.
    """
    bits = (scores + np.float32(0)).view(np.uint32)  # -0 becomes 0
    rising = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31)).astype(np.uint64)
    keys = (np.uint64(0xFFFFFFFF) - rising) << np.uint64(32)
    keys |= np.arange(scores.shape[1], dtype=np.uint64)
    keys.sort(axis=1)
    return (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)
