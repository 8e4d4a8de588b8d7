"""Approximate indexes of a library's spaces, opened once and laid over the view at hand."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from lookalike.errors import LookalikeError
from lookalike.index.ann import Ann, read
from lookalike.index.engine import Effort
from lookalike.search.covered import Covered
from lookalike.search.plan import NO_INDEX
from lookalike.store.index_files import IndexFiles
from lookalike.store.matrix import MatrixView
from lookalike.store.records import Space
from lookalike.store.store import Store

_BAD_FACTS = (LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class _Kept:
    stamp: str
    files: IndexFiles | None
    ann: Ann | None


class Indexes:
    """The indexes of one library; safe to use from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[int, _Kept] = {}
        self._covered: dict[int, Covered] = {}
        self._opening = threading.Lock()

    def over(self, space: Space, view: MatrixView) -> Covered | None:
        """The index of a space laid over a view of it; None without one, or a damaged one.

        An index that was replaced since, by whomever, is taken up.
        """
        stamp = self._store.indexes.stamp(space)
        if stamp is None:
            return None
        with self._opening:
            kept = self._kept.get(space.key)
            if kept is None or kept.stamp != stamp:
                kept = self._opened(space, stamp)
                self._kept[space.key] = kept
                self._covered.pop(space.key, None)
            if kept.files is None or kept.ann is None:
                return None
            covered = self._covered.get(space.key)
            if covered is None or not covered.of(view):
                died = self._store.died_since(kept.files.version)
                covered = Covered(kept.ann, kept.files.keys, died, view)
                self._covered[space.key] = covered
            return covered

    def absence(self, space: Space) -> str:
        """Why there is nothing to lay over a view, in words."""
        if self._store.indexes.stamp(space) is None:
            return NO_INDEX
        return f"its index is damaged, made anew by: lookalike index --refresh --space {space.name}"

    def close(self) -> None:
        """Let go of the indexes."""
        self._kept.clear()
        self._covered.clear()

    def _opened(self, space: Space, stamp: str) -> _Kept:
        files = self._store.indexes.load(space)
        if files is None:
            return _Kept(stamp, None, None)
        try:
            return _Kept(stamp, files, open_ann(files, space, change=False))
        except LookalikeError:
            return _Kept(stamp, None, None)


def open_ann(files: IndexFiles, space: Space, *, change: bool) -> Ann:
    """The index in files that were checked; mapped, unless it is to `change`.

    Raises `LookalikeError` for one that this version cannot use.
    """
    try:
        facts: Any = files.facts
        name, metric = str(facts["engine"]), facts["metric"]
        effort = Effort(int(facts["effort"]["reach"]), int(facts["effort"]["depth"]))
    except _BAD_FACTS as error:
        raise LookalikeError(f"The index {files.path} does not say what it is.") from error
    dim, count = space.dim, len(files.keys)
    return read(files.path, name, metric, effort, dim=dim, count=count, change=change)
