"""The columns of an open store that were made from what images show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lookalike.store import (
    derived,
    fields,
    vectors,
)
from lookalike.store.column import Value
from lookalike.store.fields import Field
from lookalike.store.parts.opened import Opened
from lookalike.store.records import (
    Space,
)
from lookalike.types import Halves

_AT_ONCE = 1024


class Columns(Opened):
    """The columns of an open store that were made from what images show."""

    def derive(self, name: str, words: Iterable[tuple[int, Sequence[str] | float | None]]) -> None:
        """Store the words of contents in a derived column."""
        with self.writing(), self._database.transaction() as transaction:
            derived.put(transaction, name, words)

    def drop_derived(self, name: str) -> None:
        """Remove a derived column."""
        with self.writing(), self._database.transaction() as transaction:
            derived.drop(transaction, name)

    def set_derived(self, name: str, words: Mapping[int, Sequence[str] | float]) -> None:
        """Make a derived column what words or numbers say of contents, and nothing else."""
        with self.writing(), self._database.transaction() as transaction:
            derived.drop(transaction, name)
            derived.put(transaction, name, words.items())

    def derived_columns(self) -> dict[str, int]:
        """The columns computed from contents, and how many contents have words in each."""
        with self._database.reading() as connection:
            return derived.counts(connection)

    def underived(self, name: str, space: Space) -> list[tuple[int, Halves]]:
        """The next contents without words in a derived column, with their vectors in a space."""
        with self._database.reading() as connection:
            rows = derived.lacking(connection, name, space, _AT_ONCE)
        return [(content, vectors.from_blob(blob, space)) for content, blob in rows]

    def count_underived(self, name: str, space: Space) -> int:
        """How many contents with a vector in a space lack words in a derived column."""
        with self._database.reading() as connection:
            return derived.count_lacking(connection, name, space)

    def derived_numbers(self, name: str) -> dict[int, float]:
        """The number of each content in a derived column; empty when there is none."""
        with self._database.reading() as connection:
            return derived.numbers(connection, name)

    def derived(self, name: str) -> dict[int, tuple[str, ...]]:
        """The words of each content in a derived column; empty when there is none."""
        with self._database.reading() as connection:
            return derived.get(connection, name)

    def values(self, field: Field) -> dict[int, Value]:
        """The value of every image in a column, by key."""
        with self._database.reading() as connection:
            return dict(fields.values(connection, field, "WHERE key > ?", 0))
