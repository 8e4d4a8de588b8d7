"""What the engines share that divide vectors into cells around k-means centroids (IVF)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from lookalike.index.engine import ASKING_MS, faiss_metric, load_faiss, one_thread
from lookalike.types import Floats, Metric

TRAINING_ROWS = 64
"""Vectors a cell that k-means learns from."""
GROWTH = 1.0
"""More neighbours lie in more cells."""
_LEAST_TRAINING = 10_000
_ITERATIONS = 10
_FLOPS = 5e10
"""Multiply-adds a second and core of a float32 matrix product, conservatively."""
_VISITED = 4
_CENTROID_BYTES_MS = 5e7
"""Bytes of centroids that a query is compared with in a millisecond."""


def cell_count(count: int) -> int:
    """About twice the square root of the number of vectors, a power of two."""
    return int(2 ** max(2, round(math.log2(2 * math.sqrt(max(1, count))))))


def quantizer(dim: int, metric: Metric) -> Any:
    """The flat index that finds the cells of a vector."""
    faiss = load_faiss()
    return faiss.IndexFlat(dim, faiss_metric(metric))


def prepared(index: Any) -> Any:
    """The index with settings under which k-means is quick, quiet and always the same."""
    clustering = index.cp
    clustering.niter = _ITERATIONS
    clustering.min_points_per_centroid = 1
    clustering.max_points_per_centroid = TRAINING_ROWS
    clustering.seed = 1
    return index


def reaches(index: Any) -> Sequence[int]:
    """1, 2, 3, 4, 6, 8, 12, ... cells, up to all of them."""
    steps = sorted({int(2 ** (half / 2)) for half in range(40)})
    return [*(step for step in steps if step < index.nlist), index.nlist]


def training(index: Any) -> int:
    """How many vectors to learn the cells, and the codes, from."""
    return max(_LEAST_TRAINING, TRAINING_ROWS * int(index.nlist))


def learn(index: Any, sample: Floats) -> None:
    """Train the cells on all cores, then the codes alone: theirs are many small steps."""
    faiss = load_faiss()
    clustering = faiss.Clustering(index.d, index.nlist, index.cp)
    clustering.train(sample, faiss.downcast_index(index.quantizer))
    with one_thread():
        index.train(sample)


def seconds(dim: int, count: int, cores: int) -> float:
    """What k-means and the search for every vector's cell take."""
    cells = cell_count(count)
    training = min(count, cells * TRAINING_ROWS) * _ITERATIONS
    return (training + count) * cells * dim / (_FLOPS * cores)


def query_ms(dim: int, count: int, vector_ms: float) -> float:
    """What it takes to find the nearest few cells, and to compare what lies in them."""
    cells = cell_count(count)
    finding = 4 * cells * dim / _CENTROID_BYTES_MS
    return ASKING_MS + finding + _VISITED * count / cells * vector_ms
