"""`hnsw`: a graph of near neighbours in layers, over 8-bit codes (Malkov and Yashunin, 2018).

Malkov, Yashunin: "Efficient and robust approximate nearest neighbor search using
Hierarchical Navigable Small World graphs". The slowest to build, the best at high recall.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lookalike.index.engine import ASKING_MS, Cost, faiss_metric, load_faiss
from lookalike.types import Floats, Metric

GROWTH = 0.5
"""The list of candidates grows with what is asked for as it is."""
_LINKS = 32
_BUILD_REACH = 80
_TRAINING_ROWS = 50_000
_VISITED = 96


def make(dim: int, count: int, metric: Metric) -> Any:  # noqa: ARG001
    """A graph with 32 links a node, 64 in its lowest layer."""
    faiss = load_faiss()
    index = faiss.IndexHNSWSQ(dim, faiss.ScalarQuantizer.QT_8bit, _LINKS, faiss_metric(metric))
    index.hnsw.efConstruction = _BUILD_REACH
    return index


def training(index: Any) -> int:  # noqa: ARG001
    """How many vectors to learn the range of each value from."""
    return _TRAINING_ROWS


def learn(index: Any, sample: Floats) -> None:
    """Learn the range of each value."""
    index.train(sample)


def reaches(index: Any) -> Sequence[int]:
    """16, 24, 32, 48, ... nodes, up to 2,048."""
    steps = (base * 2**power for power in range(4, 11) for base in (1, 1.5))
    return [int(step) for step in steps if step <= max(16, index.ntotal)]


def depths() -> Sequence[int]:
    """Eight bits a value are nearly exact: few candidates do."""
    return (1, 2)


def parameters(reach: int, candidates: int, selector: Any) -> Any:
    """Search parameters of faiss; the list of candidates is never shorter than what is asked."""
    faiss = load_faiss()
    return faiss.SearchParametersHNSW(efSearch=max(reach, candidates), sel=selector)


def cost(dim: int, count: int, cores: int) -> Cost:
    """A byte a value, and four bytes a link."""
    size = count * (dim + 4 * (2 * _LINKS + _LINKS // 16) + 24)
    seconds = count * (2e-4 + dim * 5e-7) / cores
    compared = min(count, _VISITED * 2 * _LINKS)
    return Cost(seconds, 2 * size, size, ASKING_MS + compared * (2e-5 + dim * 4e-8))
