"""Scans a float16 matrix where it lies, a query at a time, with the SIMD code of faiss.

faiss packs the vectors of an inverted list as codes and can scan any such list, also in
memory that it does not own. A float16 matrix is one long list of codes of its half-precision
quantizer, so nothing is copied, and a memory-mapped file is read as it is scanned.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from lookalike.index.blocks import Mask, in_parts
from lookalike.types import Floats, Halves, Keys, Metric


def can_scan_lists(matrix: Halves, metric: Metric, *, unit: bool) -> bool:
    """Whether faiss can read the rows in place and knows the metric."""
    known = metric in {"ip", "l2"} or (metric == "cosine" and unit)
    flags = matrix.flags
    return known and flags.c_contiguous and flags.aligned and matrix.dtype.isnative


def scan_lists(
    matrix: Halves,
    queries: Floats,
    wanted: int,
    metric: Metric,
    skip: Mask | None,
    *,
    threads: int,
) -> tuple[Floats, Keys]:
    """The worst rough score (q,) among the best `wanted` rows, and those rows (q, wanted).

    Rows are in no order; -1 stands where there are fewer. Each thread scans a part of the rows.
    """
    worst = np.empty(len(queries), dtype=np.float32)
    rows = np.empty((len(queries), wanted), dtype=np.int64)
    for i, query in enumerate(np.ascontiguousarray(queries)):
        scan = scanner(matrix, query, wanted, metric, skip)
        found = in_parts(scan, len(matrix), threads)
        scores, numbers = map(np.concatenate, zip(*found, strict=True))
        best = np.argpartition(-scores, wanted - 1)[:wanted]
        worst[i], rows[i] = scores[best].min(), numbers[best]
    return worst, rows


def scanner(
    matrix: Halves, query: Floats, wanted: int, metric: Metric, skip: Mask | None
) -> Callable[[slice], tuple[Floats, Keys]]:
    """A function from a part of the rows to rough scores (wanted,) and numbers of its best.

    They are in no order, and l2 scores are negated squares.
    """
    faiss: Any = importlib.import_module("faiss")
    sign = np.float32(-1 if metric == "l2" else 1)
    kind = faiss.METRIC_L2 if metric == "l2" else faiss.METRIC_INNER_PRODUCT
    quantizer = faiss.ScalarQuantizer(matrix.shape[1], faiss.ScalarQuantizer.QT_fp16)
    pointer = faiss.swig_ptr

    def scan(part: slice) -> tuple[Floats, Keys]:
        rows = matrix[part]
        selector = None
        if skip is not None:
            live = np.packbits(~skip[part], bitorder="little")
            selector = faiss.IDSelectorBitmap(len(live), pointer(live))
        scores = np.full(wanted, -sign * np.inf, dtype=np.float32)
        numbers = np.full(wanted, -1, dtype=np.int64)
        codes = faiss.cast_integer_to_uint8_ptr(rows.ctypes.data)
        scan_with = quantizer.select_InvertedListScanner(kind, None, True, selector, False)
        try:
            scan_with.set_query(pointer(query))
            scan_with.set_list(0, 0.0)
            scan_with.scan_codes(len(rows), codes, None, pointer(scores), pointer(numbers), wanted)
        finally:
            faiss.InvertedListScanner.__swig_destroy__(scan_with)  # it does not free itself
        numbers[numbers >= 0] += part.start
        return sign * scores, numbers

    return scan
