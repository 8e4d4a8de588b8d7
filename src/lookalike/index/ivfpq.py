"""`ivfpq`: cells of 4-bit product codes that are compared in SIMD registers (fast scan).

Jégou, Douze, Schmid: "Product Quantization for Nearest Neighbor Search" (2011); André,
Kermarrec, Le Scouarnec: "Quicker ADC" (2019). Two values of a vector take four bits.
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
_BITS = 4


def make(dim: int, count: int, metric: Metric) -> Any:
    """An index of cells that hold 4-bit codes of pairs of values."""
    faiss = load_faiss()
    index = faiss.IndexIVFPQFastScan(
        cells.quantizer(dim, metric),
        dim,
        cells.cell_count(count),
        _parts(dim),
        _BITS,
        faiss_metric(metric),
    )
    index.pq.cp.seed = 1
    index.pq.cp.min_points_per_centroid = 1
    return cells.prepared(index)


def depths() -> Sequence[int]:
    """Candidates for each result: the codes are coarse."""
    return (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)


def parameters(reach: int, candidates: int, selector: Any) -> Any:  # noqa: ARG001
    """Search parameters of faiss."""
    faiss = load_faiss()
    return faiss.SearchParametersIVF(nprobe=reach, sel=selector)


def cost(dim: int, count: int, cores: int) -> Cost:
    """Half a byte for each part of a vector, and eight bytes for its position."""
    size = count * (_parts(dim) // 2 + 8)
    training = 4 * cells.TRAINING_ROWS * cells.cell_count(count) * dim
    seconds = cells.seconds(dim, count, cores) + count * dim * 1e-8 / cores
    return Cost(seconds, 2 * size + training, size, cells.query_ms(dim, count, dim * 5e-9))


def _parts(dim: int) -> int:
    """The parts a vector is divided into: of two values, or of one where they are odd."""
    return dim // 2 if dim % 2 == 0 else dim
