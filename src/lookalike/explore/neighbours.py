"""The nearest rows of every row of a matrix: blocked, and through cells where there are many."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.index.halves import as_floats
from lookalike.reduce.axes import axes_of
from lookalike.reduce.unit import unit_length
from lookalike.types import Floats, Halves, Keys

EXACT_ROWS = 50_000
"""Up to here every row is compared with every other."""
PROBES = 8
_BLOCK = 4096
_REDUCED = 96
_TRAINED = 40
"""Rows a cell that k-means learns from."""
_RESCORED = 512

Advance = Callable[[int, int], object]
Places = NDArray[np.int32]


def near_rows(
    matrix: Halves, rows: Keys, k: int, advance: Advance | None = None
) -> tuple[Places, Floats]:
    """For each of `rows` (n,) of a matrix (m, d): the k nearest others of them, by the cosine.

    Returns places in `rows` (n, k'), int32, best first, -1 where there is none, and cosines
    (n, k') float32; k' is the smaller of k and n - 1. Exact up to `EXACT_ROWS`; beyond, the
    rows are put into about 4 sqrt(n) cells of their first principal components (k-means, as in
    Jegou et al., "Product Quantization for Nearest Neighbor Search", 2011), a few cells are
    looked through for each, and what is found is scored on the whole vectors. The work then
    grows as n^1.5. `advance` hears (done, n).
    """
    k = min(k, len(rows) - 1)
    advance = advance or (lambda *_: None)
    if k < 1:
        return np.empty((len(rows), 0), np.int32), np.empty((len(rows), 0), np.float32)
    if len(rows) <= EXACT_ROWS:
        return _exact(matrix, rows, k, advance)
    return _by_cells(matrix, rows, k, advance)


def unit_rows(matrix: Halves, rows: Keys) -> Floats:
    """Some rows as float32 of length 1; rows of zeros stay so."""
    return unit_length(as_floats(matrix[rows]))


def _exact(matrix: Halves, rows: Keys, k: int, advance: Advance) -> tuple[Places, Floats]:
    faiss: Any = importlib.import_module("faiss")
    base = unit_rows(matrix, rows)
    places, cosines = _empty(len(rows), k)
    for start in range(0, len(rows), _BLOCK):
        some = slice(start, start + _BLOCK)
        scores, found = faiss.knn(base[some], base, k + 1, metric=faiss.METRIC_INNER_PRODUCT)
        _keep(places, cosines, some, found, scores)
        advance(min(start + _BLOCK, len(rows)), len(rows))
    return places, cosines


def _by_cells(matrix: Halves, rows: Keys, k: int, advance: Advance) -> tuple[Places, Floats]:
    faiss: Any = importlib.import_module("faiss")
    n, dim = len(rows), matrix.shape[1]
    reduced = min(dim, _REDUCED)
    cells = 1 << round(np.log2(4 * np.sqrt(n)))
    chance = np.random.default_rng(0)
    sample = np.sort(chance.choice(n, min(n, _TRAINED * cells), replace=False))
    learned = _reduction(unit_rows(matrix, rows[sample[:: max(1, len(sample) // 20_000)]]), reduced)
    quantizer = faiss.IndexFlatIP(reduced)
    index = faiss.IndexIVFScalarQuantizer(
        quantizer, reduced, cells, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT, False
    )
    index.cp.niter = 6
    index.cp.spherical = True
    index.train(np.concatenate([
        _short(unit_rows(matrix, rows[sample[start : start + _BLOCK]]), learned)
        for start in range(0, len(sample), _BLOCK)
    ]))  # fmt: skip
    for start in range(0, n, _BLOCK):
        index.add(_short(unit_rows(matrix, rows[start : start + _BLOCK]), learned))
    index.nprobe = PROBES
    places, cosines = _empty(n, k)
    wanted = min(n, 2 * k + 8)
    for start in range(0, n, _RESCORED):
        some = slice(start, start + _RESCORED)
        own = unit_rows(matrix, rows[some])
        _, found = index.search(_short(own, learned), wanted)
        others = unit_rows(matrix, rows[np.maximum(found, 0).ravel()]).reshape(*found.shape, dim)
        scores = np.matmul(others, own[:, :, None])[:, :, 0]
        scores[found < 0] = -np.inf
        order = np.argsort(-scores, axis=1, kind="stable")[:, : k + 1]
        best = np.take_along_axis(found, order, axis=1)
        _keep(places, cosines, some, best, np.take_along_axis(scores, order, axis=1))
        advance(min(start + _RESCORED, n), n)
    return places, cosines


def _reduction(sample: Floats, reduced: int) -> Floats:
    """The first principal axes (d, reduced), the mean left in: cosines stay about what they are."""
    _, axes = axes_of(sample.T @ sample)
    return np.ascontiguousarray(axes[:, -reduced:])


def _short(unit: Floats, axes: Floats) -> Floats:
    return unit_length(unit @ axes)


def _empty(n: int, k: int) -> tuple[Places, Floats]:
    return np.full((n, k), -1, np.int32), np.full((n, k), -1, np.float32)


def _keep(
    places: Places, cosines: Floats, some: slice, found: NDArray[Any], scores: Floats
) -> None:
    """Take over what was found, but each row itself, which need not be its own first."""
    own = np.arange(some.start, some.start + len(found))
    k = places.shape[1]
    itself = found == own[:, None]
    order = np.argsort(itself, axis=1, kind="stable")[:, :k]
    places[some] = np.take_along_axis(found, order, axis=1)
    cosines[some] = np.take_along_axis(scores, order, axis=1)
    places[some][cosines[some] < -1.5] = -1
