"""The one object that stands for a library on disk: each method is one read or one write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from lookalike.store import (
    check,
    images,
    outcomes,
    rejects,
)
from lookalike.store.offered import Offered
from lookalike.store.parts.changes import Changes
from lookalike.store.parts.classifiers import Classifiers
from lookalike.store.parts.columns import Columns
from lookalike.store.parts.labels import Labels
from lookalike.store.parts.spaces import Spaces
from lookalike.store.parts.verdicts import Verdicts
from lookalike.store.records import (
    Finding,
    Space,
)
from lookalike.types import Outcome

_REMOVED_AT_ONCE = 1000


class Store(Spaces, Columns, Classifiers, Labels, Verdicts, Changes):
    """A library on disk, safe to use from several threads.

    Reading never waits. Whatever writes takes the writer lock, which several writes share
    inside `with store.writing():`; a write that returned survives the death of the process
    and of the machine. Any method may raise LibraryDamagedError or LibraryError, a writing
    one StorageFullError or LibraryBusyError too.
    """

    @classmethod
    def create(cls, directory: Path) -> Store:
        """Make a library unless there is one, and open it; `directory` is the `.lookalike`."""
        store = cls(directory)
        store._database.create()
        return store

    @classmethod
    def open(cls, directory: Path) -> Store:
        """Open a library, migrating an older one.

        Raises LibraryNotFoundError, LibraryTooNewError, or LibraryDamagedError.
        """
        store = cls(directory)
        store._database.open()
        return store

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(
        self, space: Space, source: int, outcomes_: Sequence[Outcome], checked_ns: int
    ) -> None:
        """Store a batch of outcomes in one transaction; `checked_ns` is when they were read.

        Raises ModelError for a vector that cannot be stored; then nothing of the batch is.
        """
        with self.writing(), self._database.transaction() as transaction:
            outcomes.write(transaction, space, source, outcomes_, checked_ns)

    def remove(self, ids: Iterable[str]) -> int:
        """Remove images, and rejects, by their exact ids; returns how many images went."""
        removed = 0
        rest = iter(ids)
        with self.writing():
            while chunk := list(islice(rest, _REMOVED_AT_ONCE)):
                with self._database.transaction() as transaction:
                    for id_ in chunk:
                        rejects.delete(transaction, id_)
                        found = images.find(transaction.connection, id_)
                        if found is not None:
                            images.delete(transaction, *found)
                            removed += 1
        return removed

    def prune(self, offered: Offered) -> int:
        """Remove what a source no longer offers; returns how many images went."""
        with self.writing():
            self.remove(offered.vanished_rejects())
            return self.remove(offered.vanished())

    def repair(self) -> None:
        """Take out what `check` found repairable."""
        with self.writing():
            check.repair(self._database)

    def check(self) -> list[Finding]:
        """Everything that is wrong with the database and its caches; empty when all is well."""
        return check.check(self._database)
