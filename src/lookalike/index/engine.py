"""What an approximate engine is: how it makes an index, how hard it can try, what it costs."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, cast

from lookalike.errors import UnknownNameError
from lookalike.types import Floats, Metric

EXACT = "exact"
ENGINES: Mapping[str, str] = {
    "hnsw": "lookalike.index.hnsw",
    "ivf": "lookalike.index.ivf",
    "ivfpq": "lookalike.index.ivfpq",
    "rabitq": "lookalike.index.rabitq",
}
"""Modules by name; each has the functions of `Engine`."""

ASKING_MS = 0.03
"""Milliseconds of any query: asking faiss, and scoring its candidates again."""

ANN_METRICS: tuple[Metric, ...] = ("cosine", "ip", "l2")
"""Metrics by which an index can be made; the others are scanned exactly."""


@dataclass(frozen=True, slots=True, order=True)
class Effort:
    """How hard a search tries: the cells or nodes it visits, and what it looks at again.

    `reach` is faiss's nprobe or efSearch for ten results; `depth` counts candidates for each
    result that are scored again on the stored vectors.
    """

    reach: int
    depth: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What an index is expected to take: seconds to build, bytes of memory and disk, ms a query.

    `memory` counts what a build allocates beside the mapped matrix; searching takes `disk`.
    `ms` is for a recall of 0.95 on vectors that lie in clusters; others take longer.
    """

    seconds: float
    memory: int
    disk: int
    ms: float


class Engine(Protocol):
    """A module that makes and asks one kind of faiss index. Vectors are float32 (n, dim)."""

    GROWTH: float
    """How reach grows with the number of results: by this power of it."""

    def make(self, dim: int, count: int, metric: Metric) -> Any:
        """An index, not trained yet, laid out for `count` vectors."""

    def training(self, index: Any) -> int:
        """How many vectors to learn from, at most."""

    def learn(self, index: Any, sample: Floats) -> None:
        """Train a new index on a sample (m, dim)."""

    def reaches(self, index: Any) -> Sequence[int]:
        """The values of `Effort.reach` worth trying, rising."""

    def depths(self) -> Sequence[int]:
        """The values of `Effort.depth` worth trying, rising."""

    def parameters(self, reach: int, candidates: int, selector: Any) -> Any:
        """Search parameters of faiss; `selector` (or None) chooses among the positions."""

    def cost(self, dim: int, count: int, cores: int) -> Cost:
        """What it is expected to take; times are those of the machine of docs/benchmarks.md."""


def engine(name: str) -> Engine:
    """The engine of that name. Raises `UnknownNameError`; "exact" makes no index."""
    if name not in ENGINES:
        raise UnknownNameError("engine", name, ["auto", EXACT, *ENGINES])
    return cast("Engine", importlib.import_module(ENGINES[name]))


def load_faiss() -> Any:
    """faiss, imported when it is first needed; its own type stubs lack much of it."""
    return importlib.import_module("faiss")


@contextmanager
def one_thread() -> Iterator[None]:
    """faiss works alone: in many small steps, threads wait for one another more than they do."""
    faiss = load_faiss()
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def faiss_metric(metric: Metric) -> int:
    """The number by which faiss knows a metric; unit vectors are compared by inner product."""
    faiss = load_faiss()
    return int(faiss.METRIC_L2 if metric == "l2" else faiss.METRIC_INNER_PRODUCT)
