"""An approximate index laid over a matrix: which of its rows it covers, and which it does not."""

from __future__ import annotations

import numpy as np

from lookalike.index.ann import Ann
from lookalike.index.blocks import Mask
from lookalike.index.exact import top_k
from lookalike.index.on_rows import OnRows
from lookalike.search.allowed import rows_of
from lookalike.store.matrix import MatrixView
from lookalike.types import Floats, Halves, Keys, Metric

_SAMPLED = 256


class Covered:
    """The rows of one `MatrixView` that an index covers; the rest are to be scanned.

    Position i of the index is the image `keys[i]`; `died` are keys whose vectors changed or
    went since the index was made. `rows` (n,) is the matrix row at each position, -1 where it
    no longer counts; `rest` (m,) are the rows of the view's matrix, rising, that
    the index lacks and that count.
    """

    def __init__(self, ann: Ann, keys: Keys, died: Keys, view: MatrixView) -> None:
        self.ann = ann
        self._view = view
        self.rows = _rows_of_keys(keys, died, view.keys)
        if view.dead is not None:
            covered = self.rows >= 0
            self.rows[covered] = np.where(view.dead[self.rows[covered]], -1, self.rows[covered])
        self.count = int(np.count_nonzero(self.rows >= 0))
        self._laid = OnRows(ann, view.matrix, self.rows)
        self._alive = None if self.count == len(keys) else self.rows >= 0
        self._covers: Mask = np.zeros(len(view.keys), dtype=np.bool_)
        self._covers[self.rows[self.rows >= 0]] = True
        lacking = ~self._covers
        if view.dead is not None:
            lacking &= ~view.dead
        rest = np.flatnonzero(lacking)
        self.rest_keys: Keys = view.keys[rest]
        self.rest: Halves = np.asarray(view.matrix)[_as_slice(rest)]

    def of(self, view: MatrixView) -> bool:
        """Whether this was laid over that very view."""
        return view is self._view

    def search(
        self, queries: Floats, wanted: int, metric: Metric, allowed: Keys | None
    ) -> tuple[Floats, Keys] | None:
        """Scores and keys (q, k') of the `wanted` best that the index finds, best first.

        `allowed` (m,), rising, are the only keys that may be found. None when an exact scan
        has to answer: when for some query fewer come back than there are, or when a sample of
        what is allowed holds better ones, as it does where they all lie far from the query.
        """
        left = None if allowed is None else rows_of(allowed, self._view.keys)
        if left is not None and self.count < len(self._covers):
            left = left[self._covers[left]]
        expected = min(wanted, self.count if left is None else len(left))
        if not expected:
            none = np.empty((len(queries), 0))
            return none.astype(np.float32), none.astype(np.int64)
        among = self._alive if left is None else self._among(left)
        scores, found = self._laid.nearest(queries, wanted, metric, most=expected, allowed=among)
        if any(last < 0 for last in found[:, -1].tolist()):  # what is missing is at the end
            return None
        if left is not None and self._misses(queries, scores, found, metric, left):
            return None
        return scores, self._view.keys[found]

    def _among(self, left: Keys) -> Mask:
        """Which positions of the index are one of these rows."""
        wanted = np.zeros(len(self._covers) + 1, dtype=np.bool_)
        wanted[left] = True
        if self._laid.by_row:
            return wanted[: len(self.rows)]
        return wanted[self.rows]  # of a position that has no row, the last

    def _misses(
        self,
        queries: Floats,
        scores: Floats,
        found: Keys,
        metric: Metric,
        left: Keys,
    ) -> bool:
        """Whether two of some allowed rows, drawn at random, are better than what was found."""
        drawn = np.random.default_rng(len(left)).choice(len(left), min(_SAMPLED, len(left)), False)
        rows = left[drawn]
        sample = np.asarray(self._view.matrix)[rows]
        known, places = top_k(sample, queries, min(_SAMPLED, 2 + found.shape[1]), metric)
        missed = [
            np.count_nonzero((some > worst) & ~np.isin(rows[at], here))
            for some, at, here, worst in zip(known, places, found, scores[:, -1], strict=True)
        ]
        return bool(max(missed) > 1)


def _rows_of_keys(keys: Keys, died: Keys, known: Keys) -> Keys:
    """The row of `known`, which rises, that holds each key; -1 for those not there or dead."""
    rows = np.searchsorted(known, keys)
    there = rows < len(known)
    there[there] = known[rows[there]] == keys[there]
    if len(died):
        there &= ~np.isin(keys, died)
    rows[~there] = -1
    return rows


def _as_slice(rows: Keys) -> Keys | slice:
    """The same rows as a slice where they lie side by side, which copies nothing."""
    if len(rows) and rows[-1] - rows[0] + 1 == len(rows):
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows
