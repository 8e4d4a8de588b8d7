"""The spaces of an open store, their vectors, and what is kept for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.store import (
    filling,
    layouts,
    learned,
    marks,
    matrix,
    spaces,
    vectors,
)
from lookalike.store.layouts import Layout
from lookalike.store.learned import Arrays
from lookalike.store.matrix import MatrixView
from lookalike.store.parts.images import Images
from lookalike.store.records import (
    ImageRecord,
    Space,
)
from lookalike.types import Bits, Floats, Keys, Metric, Stored

_AT_ONCE = 1024


class Spaces(Images):
    """The spaces of an open store, their vectors, and what is kept for each."""

    def space(self, name: str | None = None) -> Space:
        """The space of that name, or the default one; raises UnknownNameError."""
        with self._database.reading() as connection:
            default = spaces.default(connection) if name is None else None
            return default or spaces.get(connection, name or "main")

    def spaces(self) -> list[Space]:
        """All spaces, oldest first."""
        with self._database.reading() as connection:
            return spaces.every(connection)

    def space_add(
        self,
        name: str,
        recipe: Mapping[str, object],
        fingerprint: str,
        dim: int,
        metric: Metric = "cosine",
    ) -> Space:
        """The space of that name, made if it is new; the first becomes the default.

        Raises RecipeMismatchError, saying what differs, if it has another recipe.
        """
        with self.writing(), self._database.transaction() as transaction:
            return spaces.add(transaction, name, recipe, fingerprint, dim=dim, metric=metric)

    def space_learned(self, space: Space, steps: Sequence[Arrays]) -> None:
        """Keep what each reducer of a new space learned."""
        with self.writing(), self._database.transaction() as transaction:
            learned.add(transaction, space, steps)

    def learned(self, space: Space, step: int) -> dict[str, NDArray[Any]]:
        """What one reducer of a space learned."""
        with self._database.reading() as connection:
            return learned.get(connection, space, step)

    def droppable_space(self, name: str) -> Space:
        """The space of that name; raises UnknownNameError, UsageError for the default one."""
        with self._database.reading() as connection:
            return spaces.droppable(connection, name)

    def space_drop(self, name: str) -> None:
        """Remove a space and its vectors; raises as `droppable_space` does."""
        with self.writing(), self._database.transaction() as transaction:
            spaces.drop(transaction, name)

    def set_default_space(self, name: str) -> None:
        """Make a space the one that is meant when none is named; raises UnknownNameError."""
        with self.writing(), self._database.transaction() as transaction:
            spaces.set_default(transaction, name)

    def add_vectors(self, space: Space, vectors_: Iterable[tuple[int, Floats | Bits]]) -> int:
        """Store vectors of contents that the library holds; one that is there stays.

        How many were stored.
        """
        with self.writing(), self._database.transaction() as transaction:
            rows = [(content, vectors.to_blob(vector, space)) for content, vector in vectors_]
            return filling.put(transaction, space, rows)

    def vector(self, space: Space, key: int) -> Stored:
        """The vector of an image; raises UnknownIdError if it has none here."""
        with self._database.reading() as connection:
            return vectors.get(connection, space, key)

    def vector_of_content(self, space: Space, sha256: bytes) -> Stored | None:
        """The vector of an image with these bytes, None if none is stored."""
        with self._database.reading() as connection:
            return vectors.of_content(connection, space, sha256)

    def vector_blocks(self, space: Space) -> Iterator[tuple[list[int], Stored]]:
        """All vectors of a space, a block (m, ...) at a time, with the contents they are of."""
        after = 0
        while True:
            with self._database.reading() as connection:
                rows = filling.blobs(connection, space, after, _AT_ONCE)
            if not rows:
                return
            after = rows[-1][0]
            yield [row[0] for row in rows], _stacked(space, rows)

    def unmapped_blocks(self, parent: Space, space: Space) -> Iterator[tuple[list[int], Stored]]:
        """Vectors of `parent` whose contents have none in `space`; store theirs before going on."""
        while True:
            with self._database.reading() as connection:
                rows = filling.unmapped(connection, parent, space, _AT_ONCE)
            if not rows:
                return
            yield [row[0] for row in rows], _stacked(parent, rows)

    def images_without(self, space: Space) -> Iterator[ImageRecord]:
        """Images that have no vector in a space, in the order in which they were added."""
        after = 0
        while keys := self._missing(space, after):
            yield from self.images_by_key(keys)
            after = keys[-1]

    def _missing(self, space: Space, after: int) -> list[int]:
        with self._database.reading() as connection:
            return filling.missing(connection, space, after, _AT_ONCE)

    def matrix(self, space: Space) -> MatrixView:
        """All vectors of a space as the library is now, from the cache as far as it goes."""
        return matrix.open_matrix(self._database, space)

    def refreshed(self, view: MatrixView) -> MatrixView:
        """The same view if nothing was written since, else one of now."""
        return matrix.refresh(self._database, view)

    def compact(self, space: Space) -> tuple[Stored, Keys]:
        """All vectors (n, ...) of a space and their keys (n,), in one piece."""
        return matrix.compact(self._database, space)

    def died_since(self, version: int) -> Keys:
        """Keys, rising, whose rows in any matrix or index of that data version are void."""
        with self._database.reading() as connection:
            return matrix.died_since(connection, version)

    def layout(self, space: Space) -> Layout | None:
        """The map of a space, None when it was never laid out."""
        with self._database.reading() as connection:
            return layouts.get(connection, space)

    def mark_of_layout(self, space: Space, *, coloured: bool = False) -> str | None:
        """A text that changes when the map of a space does; None when it was never laid out.

        Images that come and go change it; what is told of them only where it is `coloured`.
        """
        with self._database.reading() as connection:
            laid_out = layouts.mark(connection, space)
            shown = marks.of_columns if coloured else marks.of_members
            return laid_out and f"{space.name} {laid_out} {shown(connection)}"

    def set_layout(
        self, space: Space, recipe: Mapping[str, object], contents_: Keys, points: Floats
    ) -> None:
        """Keep a map of a space, contents (n,) and points (n, 2), in the place of the last."""
        with self.writing(), self._database.transaction(derived=True) as transaction:
            layouts.put(transaction, space, recipe, contents_, points)

    def add_positions(self, space: Space, contents_: Keys, points: Floats) -> None:
        """Put more contents into the map of a space."""
        with self.writing(), self._database.transaction(derived=True) as transaction:
            layouts.place(transaction, space, contents_, points, placed=True)


def _stacked(space: Space, rows: Sequence[tuple[int, bytes]]) -> Stored:
    """The vectors (m, ...) of rows of (content, blob)."""
    return np.stack([vectors.from_blob(blob, space) for _, blob in rows])
