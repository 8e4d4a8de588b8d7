"""Approximate indexes: chosen, built, tuned, measured against exact search, brought up to date."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from lookalike.embed.resources import cores
from lookalike.errors import LibraryError, LookalikeError, StorageFullError
from lookalike.index.ann import Ann
from lookalike.index.building import InterruptedBuildError, OnStep, build, extend
from lookalike.index.choose import Choice, Wish, choose
from lookalike.index.engine import EXACT
from lookalike.index.tuning import Measured, Truth, measure, truth, tune
from lookalike.library.indexes import open_ann
from lookalike.search.covered import Covered
from lookalike.store.matrix import MatrixView
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Keys, Stop

QUERIES = 400
"""Vectors that are held out of a new index and asked for, at most."""
_HELD_PART = 20
_BEHIND_PART = 10
"""The index is brought up to date when a tenth of the vectors is not in it."""
_SEED = 7


@dataclass(frozen=True, slots=True)
class Hear:
    """Who hears of a build: what was chosen before it starts, each step, and when to stop."""

    on_choice: Callable[[Choice], None] = lambda _choice: None
    on_step: OnStep = lambda _stage, _done, _total: None
    stop: Stop = lambda: False


NOBODY = Hear()


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What answers a space's queries now. `engine` is "exact" where there is no index.

    `why` says why; `met` whether the recall that was wanted is reached within the latency.
    Sizes are in bytes; `vectors` counts those in the index.
    """

    space: str
    engine: str
    why: str
    vectors: int = 0
    seconds: float = 0.0
    size: int = 0
    wanted_recall: float = 0.0
    latency: float = 0.0
    measured: Mapping[str, Any] = field(default_factory=dict)
    met: bool = True
    interrupted: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The same for JSON."""
        return asdict(self)


def build_index(store: Store, space: Space, wish: Wish, hear: Hear) -> IndexReport:
    """Build what fits the wish and keep it, in the place of what was there.

    Engines are tried in the order of `choose`; the first that reaches the recall within the
    latency is kept, else the best. Raises `UsageError`, `StorageFullError`, `LibraryError`.
    """
    view = _compact(store, space)
    choice = choose(wish, space.dim, len(view.keys), space.metric, cores())
    hear.on_choice(choice)
    remember(store, space, wish)
    if not choice.engines:
        store.indexes.discard(space)
        return IndexReport(space.name, EXACT, choice.why, wanted_recall=wish.recall)
    best: IndexReport | None = None
    try:
        for name in choice.engines:
            built = _build(store, space, view, name, wish, choice, hear, best)
            best = built if best is None or _rank(built) > _rank(best) else best
            if best.met:
                break
    except InterruptedBuildError:
        return best or IndexReport(space.name, EXACT, "interrupted", interrupted=True)
    if best is None:
        raise AssertionError("unreachable: a choice without engines has returned")
    return best


def refresh_index(
    store: Store, space: Space, hear: Hear, *, always: bool = True
) -> IndexReport | None:
    """Take up what the index of a space lacks; None when there is none, or nothing to do.

    Without `always` only when that is over a tenth. A damaged index is built anew, and one
    of which a tenth is gone or that would double.
    """
    if store.indexes.stamp(space) is None:
        return None
    files = store.indexes.load(space)
    wish = wished(store, space)
    if files is None:
        return build_index(store, space, wish, hear)
    view = store.matrix(space)
    try:
        ann = open_ann(files, space, change=False)
        covered = Covered(ann, files.keys, store.died_since(files.version), view)
    except LookalikeError:
        return build_index(store, space, wish, hear)
    lacking = len(covered.rest_keys) + len(view.tail_keys)
    gone = int(np.count_nonzero(files.keys >= 0)) - covered.count
    if not lacking + gone or (
        not always and max(lacking, gone) * _BEHIND_PART <= max(1, len(files.keys))
    ):
        return None
    if gone * _BEHIND_PART > len(files.keys) or lacking > covered.count:
        return build_index(store, space, wish, hear)
    try:
        return _extend(store, space, wish, hear)
    except InterruptedBuildError:
        return IndexReport(space.name, ann.name, "interrupted", interrupted=True)


def catch_up(store: Store, hear: Hear) -> list[str]:
    """Bring every index up to date that is far behind; says in sentences what was done."""
    notes = []
    for space in store.spaces():
        try:
            report = refresh_index(store, space, hear, always=False)
        except LookalikeError as error:
            notes.append(f"The index of space {space.name!r} was not brought up to date: {error}")
            continue
        if report is not None:
            notes.append(f"The index of space {space.name!r} was brought up to date.")
    return notes


def recheck_index(store: Store, space: Space) -> IndexReport | None:
    """Measure the index of a space again, on vectors that are in it; None without one.

    Each query is hidden from its own answer. Raises `LibraryError` for a damaged index.
    """
    if store.indexes.stamp(space) is None:
        return None
    files = store.indexes.load(space)
    if files is None:
        raise LibraryError(
            f"The index of space {space.name!r} is damaged and not used. Build it anew with: "
            "lookalike index --refresh"
        )
    view = _compact(store, space)
    ann = open_ann(files, space, change=False)
    covered = Covered(ann, files.keys, store.died_since(files.version), view)
    measured = measure(ann, view.matrix, covered.rows, _asked_again(space, view, covered.rows))
    facts = {**files.facts, "measured": measured.as_dict(), "held_out": False}
    try:
        store.indexes.update(space, facts)
    except OSError as error:
        raise _no_room(error) from error
    return report_of(space, {**facts, "bytes": files.size, "n": len(files.keys)})


def report_of(space: Space, facts: Mapping[str, Any]) -> IndexReport:
    """What the facts kept with an index say."""
    measured = facts["measured"]
    return IndexReport(
        space=space.name,
        engine=facts["engine"],
        why=facts["why"],
        vectors=facts["n"],
        seconds=facts["seconds"],
        size=facts["bytes"],
        wanted_recall=facts["wanted_recall"],
        latency=facts["latency"],
        measured=measured,
        met=measured["recall"] >= facts["wanted_recall"] and measured["p50"] <= facts["latency"],
    )


def index_report(store: Store, space: Space) -> IndexReport | None:
    """What is known of the index of a space, without opening it; None without one."""
    facts = store.indexes.facts(space)
    try:
        return None if facts is None else report_of(space, facts)
    except (LookupError, TypeError):
        return None


def is_due(store: Store, space: Space) -> bool:
    """Whether a space has no index and one would be built for what the user asked for last."""
    if space.of_bits or store.indexes.stamp(space) is not None:
        return False
    count = store.counts().spaces.get(space.name, 0)
    return bool(choose(wished(store, space), space.dim, count, space.metric, cores()).engines)


def remember(store: Store, space: Space, wish: Wish) -> None:
    """Keep what the user asked for, so that a later run does the same."""
    import json

    store.set_setting(f"index:{space.name}", json.dumps(asdict(wish)))


def wished(store: Store, space: Space) -> Wish:
    """What the user asked for when the index was made; the defaults if nothing was."""
    import json

    kept = store.setting(f"index:{space.name}")
    return Wish() if kept is None else Wish(**json.loads(kept))


def _build(
    store: Store,
    space: Space,
    view: MatrixView,
    name: str,
    wish: Wish,
    choice: Choice,
    hear: Hear,
    best: IndexReport | None,
) -> IndexReport:
    """Build with one engine; it is kept if it beats the best so far."""
    start = time.perf_counter()
    count = len(view.keys)
    held = np.random.default_rng(_SEED).permutation(count)[: min(QUERIES, count // _HELD_PART)]
    held = np.sort(held)
    skip = np.zeros(count, dtype=np.bool_)
    skip[held] = True
    rows = np.concatenate([np.flatnonzero(~skip), held])
    others = rows[: count - len(held)]
    ann = build(name, view.matrix, others, space.metric, hear.on_step, hear.stop)
    built = time.perf_counter() - start
    hear.on_step("measuring", 0, 1)
    queries = np.asarray(view.matrix)[held].astype(np.float32)
    unit = bool(space.recipe["normalised"])
    none = np.full(len(held), -1)
    known = truth(view.matrix, queries, none, space.metric, skip, unit=unit)
    measured = tune(ann, view.matrix, others, known, wish.recall, wish.latency)
    hear.on_step("measuring", 1, 1)
    extend(ann, view.matrix, held, hear.on_step, hear.stop)
    facts = _facts(ann, measured, wish, built, choice.why, held_out=True)
    report = report_of(space, {**facts, "bytes": 0, "n": count})
    if best is None or _rank(report) > _rank(best):
        return _save(store, space, view.base_version, view.keys[rows], ann, facts)
    return report


def _extend(store: Store, space: Space, wish: Wish, hear: Hear) -> IndexReport:
    """Add what an index lacks, and measure it again."""
    start = time.perf_counter()
    view = _compact(store, space)
    files = store.indexes.load(space)
    if files is None:
        return build_index(store, space, wish, hear)
    ann = open_ann(files, space, change=True)
    covered = Covered(ann, files.keys, store.died_since(files.version), view)
    keys = np.where(covered.rows >= 0, files.keys, -1)
    fresh = np.searchsorted(view.keys, covered.rest_keys)
    extend(ann, view.matrix, fresh, hear.on_step, hear.stop)
    rows = np.concatenate([covered.rows, fresh])
    hear.on_step("measuring", 0, 1)
    measured = tune(
        ann, view.matrix, rows, _asked_again(space, view, rows), wish.recall, wish.latency
    )
    hear.on_step("measuring", 1, 1)
    why = str(files.facts["why"])
    seconds = float(files.facts["seconds"]) + time.perf_counter() - start
    facts = _facts(ann, measured, wish, seconds, why, held_out=False)
    keys = np.concatenate([keys, covered.rest_keys])
    return _save(store, space, view.base_version, keys, ann, facts)


def _asked_again(space: Space, view: MatrixView, rows: Keys) -> Truth:
    """Queries that are in the index, at these rows, each hidden from its own answer."""
    alive = np.sort(rows[rows >= 0])
    generator = np.random.default_rng(_SEED)
    hidden = alive[np.sort(generator.permutation(len(alive))[: QUERIES // 2])]
    skip = np.ones(len(view.keys), dtype=np.bool_)
    skip[alive] = False
    queries = np.asarray(view.matrix)[hidden].astype(np.float32)
    unit = bool(space.recipe["normalised"])
    return truth(view.matrix, queries, hidden, space.metric, skip, unit=unit)


def _facts(
    ann: Ann, measured: Measured, wish: Wish, seconds: float, why: str, *, held_out: bool
) -> dict[str, Any]:
    return {
        "engine": ann.name,
        "metric": ann.metric,
        "effort": asdict(ann.effort),
        "measured": measured.as_dict(),
        "held_out": held_out,
        "wanted_recall": wish.recall,
        "latency": wish.latency,
        "seconds": seconds,
        "why": why,
    }


def _save(
    store: Store, space: Space, version: int, keys: Keys, ann: Ann, facts: Mapping[str, Any]
) -> IndexReport:
    try:
        store.indexes.save(space, version, keys, facts, ann.write)
    except OSError as error:
        raise _no_room(error) from error
    kept = store.indexes.facts(space)
    return report_of(space, kept or {**facts, "bytes": 0, "n": len(keys)})


def _compact(store: Store, space: Space) -> MatrixView:
    """The view of a space with as short a tail as can be."""
    store.compact(space)
    return store.matrix(space)


def _rank(report: IndexReport) -> tuple[bool, float]:
    return report.met, float(report.measured["recall"])


def _no_room(error: OSError) -> LibraryError:
    import errno

    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageFullError(
            "No room left on the disk for the index. Searching goes on exactly: make room and "
            "run the same command again."
        )
    return LibraryError(f"The index could not be written: {error}. Searching goes on exactly.")
