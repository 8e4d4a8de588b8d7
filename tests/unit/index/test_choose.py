"""What is built for how many vectors, and what is refused."""

from __future__ import annotations

import pytest

from lookalike.cli.engine import latency_ms, memory_bytes
from lookalike.errors import UnknownNameError, UsageError
from lookalike.index.choose import Choice, Wish, choose
from lookalike.index.engine import ENGINES, engine
from lookalike.types import Metric


def chosen(wish: Wish, dim: int, count: int, metric: Metric = "cosine") -> Choice:
    return choose(wish, dim, count, metric, 2)


@pytest.mark.parametrize(
    ("dim", "count", "exact"),
    [(512, 0, True), (512, 100_000, True), (1280, 100_000, True), (512, 1_000_000, False)],
)
def test_small_libraries_are_searched_exactly(dim: int, count: int, exact: bool) -> None:
    choice = chosen(Wish(), dim, count)
    assert (choice.engines == ()) == exact
    assert "exact search" in choice.why or "does not pay" in choice.why


def test_the_latency_moves_the_border() -> None:
    assert chosen(Wish(latency=1000), 512, 10_000_000).engines == ()
    assert chosen(Wish(latency=0.01), 512, 20_000).engines[0] == "ivfpq"


def test_a_latency_out_of_reach_builds_the_quickest_alone() -> None:
    everything = chosen(Wish(), 512, 10**6)
    least = min(cost.ms for cost in everything.costs)
    beyond = chosen(Wish(latency=least / 2), 512, 10**6)
    assert len(beyond.engines) == 1
    assert beyond.costs[0].ms == least
    assert "Only the quickest is built: ivfpq" in beyond.why
    room = engine("rabitq").cost(512, 10**6, 2).memory
    assert chosen(Wish(latency=least / 2, memory=room), 512, 10**6).engines == ("rabitq",)


def test_engines_too_slow_for_the_latency_are_left_out() -> None:
    everything = chosen(Wish(), 512, 10**6)
    assert set(everything.engines) == set(ENGINES)
    slowest = max(zip(everything.costs, everything.engines, strict=True), key=lambda one: one[0].ms)
    some = chosen(Wish(latency=slowest[0].ms * 0.99), 512, 10**6)
    assert set(some.engines) == set(everything.engines) - {slowest[1]}
    assert some.engines[0] == everything.engines[0]


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("dim", [4, 512])
def test_larger_libraries_are_never_expected_to_answer_sooner(name: str, dim: int) -> None:
    times = [engine(name).cost(dim, count, 2).ms for count in (1000, 30_000, 10**6, 10**8)]
    assert times == sorted(times)
    assert times[0] > 0


def test_an_engine_that_is_named_is_taken_alone() -> None:
    for name in ENGINES:
        assert chosen(Wish(name), 64, 5000).engines == (name,)
    assert chosen(Wish("exact"), 512, 10**7).engines == ()
    assert chosen(Wish("hnsw"), 512, 999).engines == ()


@pytest.mark.parametrize("metric", ["l1", "hamming"])
def test_metrics_that_have_no_index(metric: Metric) -> None:
    assert chosen(Wish("hnsw"), 512, 10**6, metric).engines == ()


def test_the_memory_leaves_out_what_does_not_fit() -> None:
    everything = chosen(Wish(), 512, 10**6).engines
    some = chosen(Wish(memory=2**30), 512, 10**6).engines
    assert set(some) < set(everything)
    assert "ivf" not in some
    assert chosen(Wish(memory=1000), 512, 10**6).engines == ()
    with pytest.raises(UsageError, match="rabitq, takes"):
        chosen(Wish("ivf", memory=1000), 512, 10**6)


def test_ten_million_fit_four_gibibytes() -> None:
    fitting = chosen(Wish(memory=4 * 2**30), 128, 10**7).engines
    assert {"ivfpq", "rabitq"} <= set(fitting)


@pytest.mark.parametrize(
    "wrong",
    [{"recall": 0.0}, {"recall": 1.0}, {"recall": float("nan")}, {"memory": 0}, {"latency": 0.0}],
)
def test_wishes_that_cannot_be(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        Wish(**wrong)  # type: ignore[arg-type]


def test_a_name_that_is_none() -> None:
    with pytest.raises(UnknownNameError, match="hnsw"):
        Wish("hsnw")


@pytest.mark.parametrize(
    ("text", "size"),
    [("4G", 2**32), ("1.5 GiB", 3 * 2**29), ("512m", 2**29), ("10kB", 10_240), ("7", 7)],
)
def test_sizes(text: str, size: int) -> None:
    assert memory_bytes(text) == size


@pytest.mark.parametrize(
    ("text", "ms"), [("10ms", 10.0), ("0.5s", 500.0), ("3", 3.0), ("250 us", 0.25)]
)
def test_times(text: str, ms: float) -> None:
    assert latency_ms(text) == ms


@pytest.mark.parametrize("text", ["", "-1G", "4 X", "G", "1e9"])
def test_sizes_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match="4G"):
        memory_bytes(text)
