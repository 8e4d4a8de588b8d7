"""`rabitq`: cells of one-bit codes whose error is bounded (Gao and Long, 2024).

Gao, Long: "RaBitQ: Quantizing High-Dimensional Vectors with a Theoretical Error Bound for
Approximate Nearest Neighbor Search" (SIGMOD 2024). The smallest index: one bit a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lookalike.index import cells
from lookalike.index.engine import Cost, faiss_metric, load_faiss
from lookalike.types import Metric

reaches = cells.reaches
training = cells.training
learn = cells.learn
GROWTH = cells.GROWTH
_FACTORS = 8
"""Bytes of the two numbers that correct each code."""


def make(dim: int, count: int, metric: Metric) -> Any:
    """An index of cells that hold one bit a value, behind a random rotation."""
    faiss = load_faiss()
    index = faiss.IndexIVFRaBitQ(
        cells.quantizer(dim, metric), dim, cells.cell_count(count), faiss_metric(metric)
    )
    return cells.prepared(index)


def depths() -> Sequence[int]:
    """Candidates for each result: the codes are the coarsest."""
    return (1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64)


def parameters(reach: int, candidates: int, selector: Any) -> Any:  # noqa: ARG001
    """Search parameters of faiss."""
    faiss = load_faiss()
    return faiss.IVFRaBitQSearchParameters(nprobe=reach, sel=selector)


def cost(dim: int, count: int, cores: int) -> Cost:
    """A bit a value, the factors, and eight bytes for the position."""
    size = count * (-(-dim // 8) + _FACTORS + 8)
    training = 4 * cells.TRAINING_ROWS * cells.cell_count(count) * dim
    seconds = cells.seconds(dim, count, cores) + count * dim * 1e-9
    return Cost(seconds, 2 * size + training, size, cells.query_ms(dim, count, dim * 6e-8))
