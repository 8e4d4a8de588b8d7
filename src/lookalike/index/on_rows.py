"""An approximate index on the rows of a matrix: the one names candidates, the other scores them."""

from __future__ import annotations

from typing import Any

import numpy as np

from lookalike.index.ann import Ann
from lookalike.index.blocks import Mask
from lookalike.index.engine import Effort, faiss_metric, load_faiss
from lookalike.index.lists import can_scan_lists
from lookalike.index.rescore import rescore
from lookalike.types import Floats, Halves, Keys, Metric


class OnRows:
    """Position i of the index `ann` is `rows[i]` of `matrix` (n, d) float16, -1 if it is no more.

    Where positions are rows (`by_row`), faiss itself drops most candidates, on the vectors
    where they lie. Safe to search from several threads.
    """

    def __init__(self, ann: Ann, matrix: Halves, rows: Keys) -> None:
        self.ann = ann
        self._matrix = np.asarray(matrix)
        self._rows = rows
        self._refined: Any = None
        self.by_row = np.array_equal(rows, np.arange(len(ann)))
        if self.by_row and can_scan_lists(self._matrix, ann.metric, unit=True):
            stored = _in_place(self._matrix[: len(ann)], ann.metric)
            if stored is not None:
                self._refined = load_faiss().IndexRefine(ann.index, stored)

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
        rows = named if self.by_row else np.where(named >= 0, self._rows[named], -1)
        return rescore(self._matrix, queries, rows, k, metric)


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
