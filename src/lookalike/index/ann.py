"""An approximate index at hand: asked with a chosen effort, it names candidates by position."""

from __future__ import annotations

import math
from pathlib import Path
from typing import IO, Any

import numpy as np

from lookalike.errors import LibraryDamagedError
from lookalike.index.blocks import Mask
from lookalike.index.engine import ANN_METRICS, Effort, engine, faiss_metric, load_faiss
from lookalike.types import Floats, Keys, Metric

TUNED_FOR = 10
"""How many results an effort was chosen for; more are looked for harder."""
SPARE = 2
"""Candidates beyond those wanted that are scored in float64: float32 may swap near ties."""
_APART = 7
"""How much wider still the search among a few is: what is allowed may lie together, away from
the query, where chance would not have put it (measured: benchmarks/filters.py)."""
_WRITE_BYTES = 1 << 20

_Way = tuple[Any, int, Any]
"""A faiss index to ask, for how many positions, with which search parameters."""


class Ann:
    """An index of vectors by position 0..n-1, made by the engine `name` for `metric`.

    A "cosine" index holds unit vectors, so that it serves every metric that ranks them alike.
    Safe to search from several threads.
    """

    def __init__(self, name: str, index: Any, metric: Metric, effort: Effort) -> None:
        self.name = name
        self.engine = engine(name)
        self.index = index
        self.metric = metric
        self.effort = effort
        self._last: tuple[Any, _Way] = (None, (None, 0, None))

    def __len__(self) -> int:
        return int(self.index.ntotal)

    def serves(self, metric: Metric) -> bool:
        """Whether the index ranks vectors as this metric does."""
        return metric == self.metric or (self.metric == "cosine" and metric in ANN_METRICS)

    def candidates(
        self,
        queries: Floats,
        wanted: int,
        *,
        effort: Effort | None = None,
        allowed: Mask | None = None,
        refined: Any = None,
    ) -> Keys:
        """Positions (q, c) of what may be the `wanted` nearest of queries (q, d), -1 for none.

        A cosine index takes queries of any length. `allowed` (n,) bool says which positions
        may be named. The fewer they are, and the more are wanted, the wider the search.
        `refined`, not both, is an IndexRefine of faiss around this index, or around one that calls
        its positions otherwise: only the best by its scores are named, `SPARE` more than wanted.
        """
        chosen = effort or self.effort
        if allowed is None:
            index, named, parameters = self._usual_way(wanted, chosen, refined)
        else:
            selector, _kept = _selector(allowed)
            share = float(np.count_nonzero(allowed)) / len(allowed)
            index, named, parameters = self._way(wanted, chosen, None, selector, share)
        _, positions = index.search(queries, named, params=parameters)
        found: Keys = positions
        return found

    def _usual_way(self, wanted: int, effort: Effort, refined: Any) -> _Way:
        """The way among all positions; the last one is kept, as making it takes time."""
        asked = (len(self), wanted, effort, refined)
        last, way = self._last
        if last != asked:
            way = self._way(wanted, effort, refined, None, 1.0)
            self._last = (asked, way)
        return way

    def _way(self, wanted: int, effort: Effort, refined: Any, selector: Any, share: float) -> _Way:
        count = min(len(self), max(TUNED_FOR, wanted) * effort.depth)
        reach = effort.reach * max(1.0, wanted / TUNED_FOR) ** self.engine.GROWTH
        reach *= (1 + _APART * (1 - share)) / max(1e-6, share)
        reached = min(math.ceil(reach), len(self))
        parameters = self.engine.parameters(reached, count, selector)
        if refined is None:
            return self.index, count, parameters
        named = wanted + SPARE
        if named >= count:
            return refined.base_index, count, parameters
        factor = (count + 0.5) / named  # faiss rounds the product down
        refining = load_faiss().IndexRefineSearchParameters(
            k_factor=factor, base_index_params=parameters
        )
        return refined, named, refining

    def write(self, file: IO[bytes]) -> None:
        """Write the index to a file; raises OSError, also for a full disk."""
        faiss = load_faiss()
        failed: list[OSError] = []

        def put(data: bytes) -> int:
            try:
                return file.write(data)
            except OSError as error:
                failed.append(error)
                return 0

        writer = faiss.PyCallbackIOWriter(put, _WRITE_BYTES)
        try:
            faiss.write_index(self.index, writer)
        except RuntimeError as error:
            raise (failed or [OSError(str(error))])[0] from error
        if failed:
            raise failed[0]


def read(
    path: Path, name: str, metric: Metric, effort: Effort, *, dim: int, count: int, change: bool
) -> Ann:
    """The index in a file whose bytes are known to be right; mapped, unless it is to `change`.

    Raises LibraryDamagedError for an index of another shape, or one faiss cannot read.
    """
    faiss = load_faiss()
    try:
        index = faiss.read_index(str(path), 0 if change else faiss.IO_FLAG_MMAP_IFC)
    except (RuntimeError, UnicodeError, MemoryError) as error:
        raise LibraryDamagedError(f"The search index {path} cannot be read: {error}") from error
    if (index.d, index.ntotal, index.metric_type) != (dim, count, faiss_metric(metric)):
        raise LibraryDamagedError(f"The search index {path} is of something else.")
    return Ann(name, index, metric, effort)


def _selector(allowed: Mask) -> tuple[Any, Any]:
    """What faiss asks whether a position may be named, and the bits it reads."""
    faiss = load_faiss()
    bits = np.packbits(allowed, bitorder="little")
    return faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits)), bits
