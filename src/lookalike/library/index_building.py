"""Builds an index with one engine or adds to it, tunes and measures it, and keeps it."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lookalike.errors import LibraryError, StorageFullError
from lookalike.index.ann import Ann
from lookalike.index.building import OnStep, build, extend
from lookalike.index.choose import Choice, Wish
from lookalike.index.halves import as_floats
from lookalike.index.tuning import Measured, Truth, truth, tune
from lookalike.library.index_reports import IndexReport, report_of
from lookalike.library.indexes import open_ann
from lookalike.search.covered import Covered
from lookalike.store.matrix import MatrixView
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Keys, Stop

QUERIES = 400
"""Vectors that are held out of a new index and asked for, at most."""
_HELD_PART = 20
_SEED = 7


@dataclass(frozen=True, slots=True)
class Hear:
    """Who hears of a build: what was chosen before it starts, each step, and when to stop."""

    on_choice: Callable[[Choice], None] = lambda _choice: None
    on_step: OnStep = lambda _stage, _done, _total: None
    stop: Stop = lambda: False


NOBODY = Hear()


def build_one(
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
    queries = as_floats(np.asarray(view.matrix)[held])
    unit = bool(space.recipe["normalised"])
    none = np.full(len(held), -1)
    known = truth(view.matrix, queries, none, space.metric, skip, unit=unit)
    measured = tune(ann, view.matrix, others, known, wish.recall, wish.latency)
    hear.on_step("measuring", 1, 1)
    extend(ann, view.matrix, held, hear.on_step, hear.stop)
    facts = _facts(ann, measured, wish, built, choice.why, held_out=True)
    report = report_of(space, {**facts, "bytes": 0, "n": count})
    if best is None or rank(report) > rank(best):
        return _save(store, space, view.base_version, view.keys[rows], ann, facts)
    return report


def extend_kept(store: Store, space: Space, wish: Wish, hear: Hear) -> IndexReport | None:
    """Add what an index lacks, and measure it again; None where it is damaged."""
    start = time.perf_counter()
    view = compact(store, space)
    files = store.indexes.load(space)
    if files is None:
        return None
    ann = open_ann(files, space, change=True)
    covered = Covered(ann, files.keys, store.died_since(files.version), view)
    keys = np.where(covered.rows >= 0, files.keys, -1)
    fresh = np.searchsorted(view.keys, covered.rest_keys)
    extend(ann, view.matrix, fresh, hear.on_step, hear.stop)
    rows = np.concatenate([covered.rows, fresh])
    hear.on_step("measuring", 0, 1)
    measured = tune(
        ann, view.matrix, rows, asked_again(space, view, rows), wish.recall, wish.latency
    )
    hear.on_step("measuring", 1, 1)
    why = str(files.facts["why"])
    seconds = float(files.facts["seconds"]) + time.perf_counter() - start
    facts = _facts(ann, measured, wish, seconds, why, held_out=False)
    keys = np.concatenate([keys, covered.rest_keys])
    return _save(store, space, view.base_version, keys, ann, facts)


def asked_again(space: Space, view: MatrixView, rows: Keys) -> Truth:
    """Queries that are in the index, at these rows, each hidden from its own answer."""
    alive = np.sort(rows[rows >= 0])
    generator = np.random.default_rng(_SEED)
    hidden = alive[np.sort(generator.permutation(len(alive))[: QUERIES // 2])]
    skip = np.ones(len(view.keys), dtype=np.bool_)
    skip[alive] = False
    queries = as_floats(np.asarray(view.matrix)[hidden])
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
        raise no_room(error) from error
    kept = store.indexes.facts(space)
    return report_of(space, kept or {**facts, "bytes": 0, "n": len(keys)})


def compact(store: Store, space: Space) -> MatrixView:
    """The view of a space with as short a tail as can be."""
    store.compact(space)
    return store.matrix(space)


def rank(report: IndexReport) -> tuple[bool, float]:
    """How good an index is, to be compared: whether it does what was wanted, then its recall."""
    return report.met, float(report.measured["recall"])


def no_room(error: OSError) -> LibraryError:
    """What is told where an index could not be written."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageFullError(
            "No room left on the disk for the index. Searching goes on exactly: make room and "
            "run the same command again."
        )
    return LibraryError(f"The index could not be written: {error}. Searching goes on exactly.")
