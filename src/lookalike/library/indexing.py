"""Approximate indexes: chosen, built, tuned, measured against exact search, brought up to date."""

from __future__ import annotations

import numpy as np

from lookalike.cores import cores
from lookalike.errors import LibraryError, LookalikeError
from lookalike.index.building import InterruptedBuildError
from lookalike.index.choose import Wish, choose
from lookalike.index.engine import EXACT
from lookalike.index.tuning import measure
from lookalike.library.index_building import (
    Hear,
    asked_again,
    build_one,
    compact,
    extend_kept,
    no_room,
    rank,
)
from lookalike.library.index_reports import IndexReport, remember, report_of, wished
from lookalike.library.indexes import open_ann
from lookalike.search.covered import Covered
from lookalike.store.records import Space
from lookalike.store.store import Store

_BEHIND_PART = 10
"""The index is brought up to date when a tenth of the vectors is not in it."""


def build_index(store: Store, space: Space, wish: Wish, hear: Hear) -> IndexReport:
    """Build what fits the wish and keep it, in the place of what was there.

    Engines are tried in the order of `choose`; the first that reaches the recall within the
    latency is kept, else the best. Raises `UsageError`, `StorageFullError`, `LibraryError`.
    """
    view = compact(store, space)
    choice = choose(wish, space.dim, len(view.keys), space.metric, cores())
    hear.on_choice(choice)
    remember(store, space, wish)
    if not choice.engines:
        store.indexes.discard(space)
        return IndexReport(space.name, EXACT, choice.why, wanted_recall=wish.recall)
    best: IndexReport | None = None
    try:
        for name in choice.engines:
            built = build_one(store, space, view, name, wish, choice, hear, best)
            best = built if best is None or rank(built) > rank(best) else best
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
        extended = extend_kept(store, space, wish, hear)
    except InterruptedBuildError:
        return IndexReport(space.name, ann.name, "interrupted", interrupted=True)
    return build_index(store, space, wish, hear) if extended is None else extended


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
            f"lookalike index --refresh --space {space.name}"
        )
    view = compact(store, space)
    ann = open_ann(files, space, change=False)
    covered = Covered(ann, files.keys, store.died_since(files.version), view)
    measured = measure(ann, view.matrix, covered.rows, asked_again(space, view, covered.rows))
    facts = {**files.facts, "measured": measured.as_dict(), "held_out": False}
    try:
        store.indexes.update(space, facts)
    except OSError as error:
        raise no_room(error) from error
    return report_of(space, {**facts, "bytes": files.size, "n": len(files.keys)})


def is_due(store: Store, space: Space) -> bool:
    """Whether a space has no index and one would be built for what the user asked for last."""
    if space.of_bits or store.indexes.stamp(space) is not None:
        return False
    count = store.counts().spaces.get(space.name, 0)
    return bool(choose(wished(store, space), space.dim, count, space.metric, cores()).engines)
