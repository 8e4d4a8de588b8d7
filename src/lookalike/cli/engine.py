"""What `index` and `info` say of approximate indexes, and how their budgets are written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lookalike.cli.output import say, size
from lookalike.cli.progress import steps_bar
from lookalike.errors import UsageError

if TYPE_CHECKING:
    from lookalike.index.choose import Choice, Wish
    from lookalike.library.index_reports import IndexReport
    from lookalike.library.library import Library
    from lookalike.types import Stop

_MEMORY = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_LATENCY = {"us": 1e-3, "ms": 1.0, "": 1.0, "s": 1e3}


def wish_of(engine: str | None, recall: float, memory: str | None, latency: str) -> Wish:
    """The budgets as they are written. Raises `UsageError` and `UnknownNameError`."""
    from lookalike.index.choose import AUTO, Wish

    room = None if memory is None else memory_bytes(memory)
    return Wish(engine or AUTO, recall, room, latency_ms(latency))


def memory_bytes(written: str) -> int:
    """Bytes of a text such as 4G, 512M or 1000000; K, M, G, T are powers of 1,024."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", written.strip().lower())
    if found is None:
        raise UsageError(f"--memory takes a size, as 4G or 512M; not {written!r}.")
    return int(float(found[1]) * _MEMORY[found[2]])


def latency_ms(written: str) -> float:
    """Milliseconds of a text such as 10ms, 0.5s or 10."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(us|ms|s|)", written.strip().lower())
    if found is None:
        raise UsageError(f"--latency takes a time, as 10ms or 0.5s; not {written!r}.")
    return float(found[1]) * _LATENCY[found[2]]


def build_engine(library: Library, stop: Stop, wish: Wish, space: str | None) -> IndexReport:
    """Build, with the choice told before and the outcome after."""
    from lookalike.library.index_building import Hear

    with steps_bar() as advance:
        report = library.build_index(
            wish.engine,
            recall=wish.recall,
            memory=wish.memory,
            latency=wish.latency,
            space=space,
            hear=Hear(say_choice, advance, stop),
        )
    say_outcome(report)
    return report


def refuse_another_engine(library: Library, wish: Wish, space: str | None) -> None:
    """Raise `UsageError` where an index is to be refreshed and another engine is asked for."""
    from lookalike.index.choose import AUTO

    report = library.index_report(space=space)
    if report is not None and wish.engine not in {AUTO, report.engine}:
        raise UsageError(
            f"--refresh keeps the engine that there is, {report.engine}. To build {wish.engine} in "
            "its place, leave --refresh out."
        )


def refresh_engine(library: Library, stop: Stop, space: str | None) -> IndexReport | None:
    """Take up what the index lacks, and say what came of it."""
    from lookalike.library.index_building import Hear

    with steps_bar() as advance:
        report = library.refresh_index(space=space, hear=Hear(say_choice, advance, stop))
    if report is not None:
        say_outcome(report)
    elif library.index_report(space=space) is None:
        say("There is no index to refresh: search is exact.")
    else:
        say("The index lacks nothing.")
    return report


def say_choice(choice: Choice) -> None:
    """What is about to be built, and what it is expected to take."""
    if not choice.engines:
        return
    say(f"Index: {choice.why}.")
    for name, cost in zip(choice.engines, choice.costs, strict=True):
        say(
            f"{'Building' if name == choice.engines[0] else 'Should that not do'}: {name}, about "
            f"{cost.seconds:,.0f} s, {size(cost.memory)} of memory, {size(cost.disk)} on disk, "
            f"{cost.ms:.2g} ms a query"
        )


def say_outcome(report: IndexReport) -> None:
    """How good the index is, and whether that is what was asked for."""
    if report.interrupted:
        say("Interrupted: no index was made.")
    elif not report.met:
        say(
            f"Recall {report.wanted_recall:g} within {report.latency:g} ms was not reached; "
            "this is the best there was. Exact search: search --exact"
        )


def in_words(report: IndexReport) -> str:
    """An index on one line."""
    if not report.measured:
        return f"exact search: {report.why}"
    measured: Any = report.measured
    each = report.size / max(1, report.vectors)
    return (
        f"{report.engine} over {report.vectors:,} vectors, recall@{measured['k']} "
        f"{measured['recall']:.3f} on {measured['queries']} queries, "
        f"{measured['per_second']:,.0f} queries/s, p50 {measured['p50']:.2f} ms, "
        f"p99 {measured['p99']:.2f} ms, built in {report.seconds:.1f} s, {each:.0f} bytes a vector"
    )
