"""`ivf`: cells around k-means centroids, the vectors in them as float16 (Jégou et al., 2011).

Jégou, Douze, Schmid: "Product Quantization for Nearest Neighbor Search", section IV. Within
the cells that are visited nothing is lost, so recall grows to 1 with their number.
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


def make(dim: int, count: int, metric: Metric) -> Any:
    """An index of cells that hold float16 codes."""
    faiss = load_faiss()
    halves = faiss.ScalarQuantizer.QT_fp16
    index = faiss.IndexIVFScalarQuantizer(
        cells.quantizer(dim, metric),
        dim,
        cells.cell_count(count),
        halves,
        faiss_metric(metric),
        False,
    )
    return cells.prepared(index)


def depths() -> Sequence[int]:
    """The codes are the stored vectors: nothing need be looked at again."""
    return (1,)


def parameters(reach: int, candidates: int, selector: Any) -> Any:  # noqa: ARG001
    """Search parameters of faiss."""
    faiss = load_faiss()
    return faiss.SearchParametersIVF(nprobe=reach, sel=selector)


def cost(dim: int, count: int, cores: int) -> Cost:
    """All vectors once more, with eight bytes each for their position."""
    size = count * (2 * dim + 8)
    seconds = cells.seconds(dim, count, cores) + count * dim * 2e-10
    return Cost(seconds, 2 * size, size, cells.query_ms(dim, count, dim * 4e-8))
