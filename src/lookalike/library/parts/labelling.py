"""The labels that people give in an open library, and what follows from them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lookalike.library.parts.opened import Opened

if TYPE_CHECKING:
    from lookalike.library.labelling import Doubt, Labelled, Propagated, TakenLabels


class Labelling(Opened):
    """The labels that people give in an open library, and what follows from them."""

    def label(
        self,
        column: str,
        images: Mapping[str, str] | None = None,
        *,
        clusters: Mapping[str, str] | None = None,
    ) -> int:
        """Label images by id, or clusters by name; returns how many images got a label.

        A cluster's label goes to its three most central images. The column, `COLUMN_p` (the
        chance that it is right) and `COLUMN_origin` (given, cluster, propagated) can be filtered
        by. Raises `UnknownIdError`, `UnknownNameError`, `UsageError`.
        """
        from lookalike.library.labelling import assign, give

        done = assign(self._store, column, clusters) if clusters else 0
        return done + (give(self._store, column, images) if images else 0)

    def take_labels(self, column: str, path: str | os.PathLike[str]) -> TakenLabels:
        """Take labels from a table with `id` or `cluster`, and `label`. Raises `SourceError`."""
        from lookalike.library.labelling import take

        return take(self._store, column, path)

    def propagate_labels(
        self, column: str, *, sure: float = 0.9, space: str | None = None
    ) -> Propagated:
        """Label the images that nobody labelled, where the chance to be right is `sure` or more.

        Raises `UsageError` where there are too few labels to know the chances.
        """
        from lookalike.library.labelling import propagate

        return propagate(self._store, self._chosen(space), column, sure)

    def label_doubts(
        self, column: str, count: int = 50, *, space: str | None = None
    ) -> list[Doubt]:
        """The images to be labelled next: the least sure first, each unlike those before it."""
        from lookalike.library.labelling import doubts

        return doubts(self._store, self._chosen(space), column, count)[0]

    def labels(self, column: str) -> Labelled:
        """How many images have which label, by where it came from."""
        from lookalike.library.labelling import labelled

        return labelled(self._store, column)

    def undo_labels(self, column: str) -> tuple[str, int]:
        """Take the last act back: where its labels came from, and how many they were.

        Raises `UsageError` where nothing is labelled, as `labels` and `label_doubts` do.
        """
        from lookalike.library.labelling import undo

        return undo(self._store, column)
