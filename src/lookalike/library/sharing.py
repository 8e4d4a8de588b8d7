"""A library for other programs: its vectors as files, its images as a source to pack."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from lookalike.search.filters.resolve import filtered
from lookalike.share.vector_rows import VectorRows
from lookalike.share.write_vectors import FloatType, check_vectors_path, write_vectors
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import NO_IMAGE, Reference

AT_ONCE = 1024


def export_vectors(
    store: Store,
    space: Space,
    path: Path,
    where: str | None,
    columns: Sequence[str],
    dtype: FloatType,
    on_done: Callable[[int, int], None],
) -> int:
    """Write the vectors of a space; returns how many. See `share.write_vectors`."""
    check_vectors_path(path)
    rows = VectorRows(store, space, where, columns)
    write_vectors(rows, path, dtype, lambda done: on_done(done, len(rows)))
    return len(rows)


class LibraryImages:
    """The images of a library, or those that a filter leaves, as a source."""

    complete = True

    def __init__(self, store: Store, where: str | None) -> None:
        self._store = store
        self._where = where
        self.uri = str(store.directory)
        self.notes: list[str] = []

    def references(self) -> Iterator[Reference]:
        """Every image that has a file, in the order in which they were added."""
        cache = self._store.column_cache
        if self._where is None:
            keys = [part.keys if part.live is None else part.keys[part.live]
                    for part in cache.parts([])]  # fmt: skip
        else:
            keys = [filtered(cache, self._where).keys]
        every = np.sort(np.concatenate(keys))
        for start in range(0, len(every), AT_ONCE):
            for image in self._store.images_by_key(every[start : start + AT_ONCE]):
                if image.content.format != NO_IMAGE:
                    yield Reference(image.id, image.location, image.label, image.meta)
