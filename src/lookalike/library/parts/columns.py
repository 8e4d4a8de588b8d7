"""What the images of an open library can be filtered by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lookalike.errors import UnknownNameError
from lookalike.library.deriving import OnStep, add_column
from lookalike.library.parts.opened import Opened
from lookalike.search.filters.describe import ColumnInfo, describe
from lookalike.search.filters.facets import Facet, facets
from lookalike.search.filters.resolve import filtered
from lookalike.store.fields import Origin
from lookalike.store.records import ImageRecord
from lookalike.types import Stop


class Columns(Opened):
    """What the images of an open library can be filtered by."""

    def columns(
        self, origins: Sequence[Origin] | None = None, *, keep: bool = False
    ) -> list[ColumnInfo]:
        """What can be filtered by: name, origin, kind, distinct values, missing, examples.

        `origins` are "image", "meta", "derived"; None is all of them. `keep` holds them in
        memory for the next time.
        """
        return describe(self._store.column_cache, origins, keep=keep)

    def filter(self, where: str) -> list[str]:
        """The ids of the images that a filter leaves. Raises `FilterError`."""
        found = self._store.ids(filtered(self._store.column_cache, where).keys)
        return [id_ for id_ in found if id_ is not None]

    def images(
        self,
        count: int = 100,
        *,
        after: int = 0,
        where: str | None = None,
        newest: bool = False,
    ) -> list[ImageRecord]:
        """The next images after the one with the key `after`, in the order of adding.

        `newest` turns the order round, and begins with the last where `after` is 0. `where` is
        a filter. Raises `FilterError`.
        """
        before = after or int(np.iinfo(np.int64).max)
        if where is None:
            if newest:
                return self._store.images_by_key(self._store.keys_before(before, count))
            return self._store.images_by_key(self._store.keys_after(after, count))
        keys = filtered(self._store.column_cache, where).keys
        if newest:
            last = int(np.searchsorted(keys, before, side="left"))
            return self._store.images_by_key(keys[max(0, last - count) : last][::-1])
        first = int(np.searchsorted(keys, after, side="right"))
        return self._store.images_by_key(keys[first : first + count])

    def facets(
        self, where: str | None = None, columns: Sequence[str] = ()
    ) -> tuple[int, list[Facet]]:
        """How many images a filter leaves, and how often each value of columns is among them.

        `columns` by name; without any, all but ids and sources. Raises `FilterError`,
        `UnknownNameError`.
        """
        return facets(self._store.column_cache, where, columns)

    def add_column(
        self, name: str, *, on_step: OnStep | None = None, stop: Stop = lambda: False
    ) -> int:
        """Make a column from what images show; returns how many contents got their words.

        `colour` names the one to three colours that a picture mostly has. Images that are
        added later get theirs at once. Raises `UnknownNameError`, `UsageError`.
        """
        return add_column(self._store, name, on_step, stop)

    def drop_column(self, name: str, *, dry_run: bool = False) -> int:
        """Remove a column made from images; returns how many contents had words in it.

        Raises `UnknownNameError`.
        """
        had = self._store.derived_columns()
        if name not in had:
            raise UnknownNameError("derived column", name, had)
        if not dry_run:
            self._store.drop_derived(name)
        return had[name]
