"""Chooses an engine by the number of vectors, their length, and what the user can spare."""

from __future__ import annotations

from dataclasses import dataclass

from lookalike.errors import UsageError
from lookalike.index.engine import ANN_METRICS, ENGINES, EXACT, Cost, engine
from lookalike.types import Metric

AUTO = "auto"
LEAST = 1000
"""Vectors below which an index is never worth its files."""
_SCANNED = 1.5e7
"""float16 values that exact search gets through in a millisecond, on two cores."""
_HIGH_RECALL = 0.97
_ORDER = ("ivfpq", "hnsw", "rabitq", "ivf")
_HIGH_ORDER = ("ivfpq", "hnsw", "ivf", "rabitq")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asks of an index: recall in (0, 1), memory in bytes, latency in ms.

    `engine` is auto, exact, or a name of `ENGINES`. Raises `UnknownNameError`, `UsageError`.
    """

    engine: str = AUTO
    recall: float = 0.95
    memory: int | None = None
    latency: float = 10.0

    def __post_init__(self) -> None:
        if self.engine not in {AUTO, EXACT}:
            engine(self.engine)
        if not 0 < self.recall < 1:
            raise UsageError(
                f"The recall must lie between 0 and 1, not {self.recall:g}: for all of it, "
                "search exactly."
            )
        if self.memory is not None and self.memory < 1:
            raise UsageError(f"The memory must be at least 1 byte, not {self.memory}.")
        if not self.latency > 0:
            raise UsageError(f"The latency must be above 0 ms, not {self.latency:g}.")


@dataclass(frozen=True, slots=True)
class Choice:
    """Engines to try, the first that does is taken; none means exact search. And why."""

    engines: tuple[str, ...]
    costs: tuple[Cost, ...]
    why: str


def exact_ms(dim: int, count: int) -> float:
    """Milliseconds that exact search is expected to take for a query."""
    return dim * count / _SCANNED


def choose(wish: Wish, dim: int, count: int, metric: Metric, cores: int) -> Choice:
    """What to build. Raises `UsageError` for an engine that exceeds the memory."""
    expected = exact_ms(dim, count)
    if wish.engine == EXACT:
        return Choice((), (), "exact search was asked for")
    if metric not in ANN_METRICS:
        return Choice((), (), f"vectors compared by {metric} are always searched exactly")
    if count < LEAST:
        return Choice((), (), f"below {LEAST:,} vectors an index does not pay")
    if wish.engine == AUTO and expected <= wish.latency:
        why = f"exact search takes about {expected:.2g} ms, within {wish.latency:g} ms"
        return Choice((), (), why)
    names = (wish.engine,) if wish.engine != AUTO else _names(wish.recall)
    costs = {name: engine(name).cost(dim, count, cores) for name in names}
    fitting = tuple(
        name for name in names if wish.memory is None or costs[name].memory <= wish.memory
    )
    if not fitting:
        if wish.engine == AUTO:
            why = f"no index can be built within {_size(wish.memory or 0)} of memory"
            return Choice((), (), why)
        least = min(ENGINES, key=lambda name: engine(name).cost(dim, count, cores).memory)
        raise UsageError(
            f"To build {wish.engine} takes about {_size(costs[wish.engine].memory)} of memory, "
            f"more than the {_size(wish.memory or 0)} allowed. The least, {least}, takes "
            f"{_size(engine(least).cost(dim, count, cores).memory)}."
        )
    if wish.engine != AUTO:
        return Choice(fitting, (costs[wish.engine],), f"{wish.engine} was asked for")
    why = f"exact search would take about {expected:.2g} ms, above {wish.latency:g} ms"
    quick = tuple(name for name in fitting if costs[name].ms <= wish.latency)
    if not quick:
        quick = (min(fitting, key=lambda name: costs[name].ms),)
        soonest = costs[quick[0]].ms
        why += f"; an index, about {soonest:.2g} ms. Only the quickest is built: {quick[0]}"
    return Choice(quick, tuple(costs[name] for name in quick), why)


def _names(recall: float) -> tuple[str, ...]:
    names = _HIGH_ORDER if recall > _HIGH_RECALL else _ORDER
    return tuple(name for name in names if name in ENGINES)


def _size(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"
