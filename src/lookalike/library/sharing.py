"""The vectors of a library as files for other programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from lookalike.share.vector_rows import VectorRows
from lookalike.share.write_vectors import FloatType, check_vectors_path, write_vectors
from lookalike.store.records import Space
from lookalike.store.store import Store


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
