"""The labels of an open store that people give, and those concluded from them."""

from __future__ import annotations

from collections.abc import Mapping

from lookalike.store import labels
from lookalike.store.labels import Label, Origin
from lookalike.store.parts.opened import Opened


class Labels(Opened):
    """The labels of an open store that people give, and those concluded from them."""

    def label_names(self) -> list[str]:
        """The columns that people label."""
        with self._database.reading() as connection:
            return labels.names(connection)

    def labels(self, name: str) -> dict[int, Label]:
        """The label of each content that has one."""
        with self._database.reading() as connection:
            return labels.current(connection, name)

    def add_labels(self, name: str, origin: Origin, rows: Mapping[int, tuple[str, float]]) -> None:
        """Add labels with their chances by content, as one act, and renew the column."""
        with self.writing(), self._database.transaction() as transaction:
            labels.add(transaction, name, origin, rows)

    def undo_labels(self, name: str) -> tuple[Origin, int] | None:
        """Take the last act back: where its labels came from and how many; None without one."""
        with self.writing(), self._database.transaction() as transaction:
            return labels.undo(transaction, name)
