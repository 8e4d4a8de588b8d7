"""The classifiers of an open store, and the columns that they fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from lookalike.store import classifiers, derived
from lookalike.store.learned import Arrays
from lookalike.store.parts.opened import Opened
from lookalike.store.records import ClassifierRecord


class Classifiers(Opened):
    """The classifiers of an open store, and the columns that they fill."""

    def classifiers(self) -> list[ClassifierRecord]:
        """All classifiers, by name."""
        with self._database.reading() as connection:
            return classifiers.every(connection)

    def classifier(self, name: str) -> ClassifierRecord:
        """The classifier of that name; raises UnknownNameError."""
        with self._database.reading() as connection:
            return classifiers.get(connection, name)

    def classifier_arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """What a classifier learned."""
        with self._database.reading() as connection:
            return classifiers.arrays(connection, name)

    def set_classifier(
        self,
        name: str,
        recipe: Mapping[str, object],
        figures: Mapping[str, object],
        arrays: Arrays,
    ) -> None:
        """Keep a classifier in the place of one of that name, whose column it takes over."""
        with self.writing(), self._database.transaction(derived=True) as transaction:
            classifiers.put(transaction, name, recipe, figures, arrays)

    def set_predictions(
        self,
        name: str,
        columns: Mapping[str, Mapping[int, Sequence[str] | float | None]],
        gone: Sequence[str] = (),
    ) -> None:
        """Make what a classifier says of contents its columns, the first by its own name.

        The columns `gone` are removed; all or nothing is done.
        """
        with self.writing(), self._database.transaction() as transaction:
            for column in {*gone, *columns}:
                derived.drop(transaction, column)
            for column, values in columns.items():
                derived.put(transaction, column, values.items())
            classifiers.set_target(transaction, name, next(iter(columns)))

    def drop_classifier(self, name: str, columns: Sequence[str]) -> None:
        """Remove a classifier and the columns that it filled."""
        with self.writing(), self._database.transaction() as transaction:
            classifiers.drop(transaction, name)
            for column in columns:
                derived.drop(transaction, column)
