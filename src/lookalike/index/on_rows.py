"""An approximate index on the rows of a matrix: the one names candidates, the other scores them."""

from __future__ import annotations

from typing import Any

import numpy as np

from lookalike.index.ann import Ann
from lookalike.index.blocks import Mask
from lookalike.index.engine import Effort, faiss_metric, load_faiss
from lookalike.index.halves import has_zeros
from lookalike.index.lists import can_scan_lists
from lookalike.index.rescore import rescore
from lookalike.types import Floats, Halves, Keys, Metric

_LOOKED_AT = 16
"""Rows that tell how the others are cast the quickest."""


class OnRows:
    """Position i of the index `ann` is `rows[i]` of `matrix` (n, d) float16, -1 if it is no more.

    Where every position has its row, faiss itself drops most candidates, on the vectors where
    they lie. `by_row` says that positions are rows. Safe to search from several threads.
    """

    def __init__(self, ann: Ann, matrix: Halves, rows: Keys) -> None:
        self.ann = ann
        self._matrix = np.asarray(matrix)
        self._rows = rows
        self._zeros = has_zeros(self._matrix[:_LOOKED_AT])
        self._refined: Any = None
        self.by_row = np.array_equal(rows, np.arange(len(ann)))
        if (rows >= 0).all() and can_scan_lists(self._matrix, ann.metric, unit=True):
            reached = self._matrix[: len(ann)] if self.by_row else self._matrix
            stored = _in_place(reached, ann.metric)
            if stored is not None:
                named = ann.index if self.by_row else _naming_rows(ann.index, rows, len(reached))
                self._refined = load_faiss().IndexRefine(named, stored)

    @property
    def in_place(self) -> bool:
        """Whether faiss reads the rows where they lie."""
        return self._refined is not None

    def nearest(
        self,
        queries: Floats,
        wanted: int,
        metric: Metric,
        *,
        most: int | None = None,
        effort: Effort | None = None,
        allowed: Mask | None = None,
    ) -> tuple[Floats, Keys]:
        """Scores (q, k) and rows (q, k) of the `wanted` nearest that the index finds, best first.

        k is `wanted`, or `most` if that is less; -inf and -1 stand where fewer are found.
        `effort` and `allowed` are those of `Ann.candidates`, scores those of `exact.top_k`.
        """
        k = wanted if most is None else min(wanted, most)
        refined = self._refined if allowed is None and metric == self.ann.metric else None
        named = self.ann.candidates(
            queries, wanted, effort=effort, allowed=allowed, refined=refined
        )
        if refined is None and not self.by_row:
            named = np.where(named >= 0, self._rows[named], -1)
        return rescore(self._matrix, queries, named, k, metric, zeros=self._zeros)


def _naming_rows(index: Any, rows: Keys, count: int) -> Any:
    """A faiss index of `count` rows: it says `rows[i]` where `index`, which must live, says i."""
    faiss = load_faiss()
    empty = faiss.IndexFlat(index.d, index.metric_type)  # it is only made of such
    naming = faiss.IndexIDMap(empty)
    naming.index, naming.ntotal = index, count
    faiss.copy_array_to_vector(np.ascontiguousarray(rows, dtype=np.int64), naming.id_map)
    return naming


def _in_place(matrix: Halves, metric: Metric) -> Any:
    """A faiss index of the rows of a matrix in the memory they are in, which must outlive it.

    None where a version of faiss keeps its vectors in another way.
    """
    faiss = load_faiss()
    kind = faiss.ScalarQuantizer.QT_fp16
    index = faiss.IndexScalarQuantizer(matrix.shape[1], kind, faiss_metric(metric))
    index.is_trained = True  # halves are codes as they are
    index.ntotal = len(matrix)
    codes = index.codes
    codes.is_owned = False
    codes.view_data = codes.c_ptr = faiss.cast_integer_to_uint8_ptr(matrix.ctypes.data)
    codes.view_size = codes.c_size = matrix.nbytes
    seen = index.codes
    return index if (int(seen.data()), seen.size()) == (matrix.ctypes.data, matrix.nbytes) else None
