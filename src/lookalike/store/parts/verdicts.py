"""What people said of the images of an open store, and what was moved out of the way."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from lookalike.store import (
    decisions,
    judgements,
    quarantines,
    withdrawn,
)
from lookalike.store.parts.opened import Opened
from lookalike.store.quarantines import Quarantine
from lookalike.store.records import (
    Draw,
    Verdict,
)


class Verdicts(Opened):
    """What people said of the images of an open store, and what was moved out of the way."""

    def judge(self, verdicts: Iterable[Verdict]) -> int:
        """Keep verdicts of people; returns how many old ones they replaced."""
        with self.writing(), self._database.transaction() as transaction:
            return judgements.put(transaction, verdicts)

    def unjudge(self, query: str, image: str) -> bool:
        """Take a verdict back; whether there was one."""
        with self.writing(), self._database.transaction() as transaction:
            return judgements.delete(transaction, query, image)

    def judgements(self) -> list[Verdict]:
        """All verdicts of people, by query and image."""
        with self._database.reading() as connection:
            return list(judgements.every(connection))

    def add_draws(self, universe: str, draws: Iterable[Draw]) -> int:
        """Note which pairs were drawn to be judged; returns the number of the batch."""
        with self.writing(), self._database.transaction() as transaction:
            return judgements.add_draws(transaction, universe, draws)

    def draw_chances(self) -> dict[tuple[str, str], float]:
        """The chance with which each pair that was ever drawn was drawn."""
        with self._database.reading() as connection:
            return judgements.draw_chances(connection)

    def draws(self, universe: str) -> list[list[Draw]]:
        """The batches of pairs that were drawn from a universe to be judged, oldest first."""
        with self._database.reading() as connection:
            return judgements.draws(connection, universe)

    def decide(self, verdict: str, pairs: Iterable[Sequence[str]]) -> int:
        """Keep a verdict on pairs of ids; returns how many there were in the library."""
        with self.writing(), self._database.transaction() as transaction:
            return decisions.put(transaction, verdict, pairs)

    def decisions(self) -> dict[tuple[str, str], str]:
        """The verdicts on duplicates that still count, by pair of ids, the lower first."""
        with self._database.reading() as connection:
            return decisions.every(connection)

    def note_quarantine(self, folder: Path, plan: str, state_: str) -> None:
        """Keep where files were moved by which plan, and whether that is under way or done."""
        with self.writing(), self._database.transaction(derived=True) as transaction:
            quarantines.put(transaction, folder, plan, state_)

    def quarantines(self) -> list[Quarantine]:
        """The folders into which files were moved, oldest first."""
        with self._database.reading() as connection:
            return quarantines.every(connection)

    def withdraw(self, ids: Collection[str], file: Path) -> None:
        """Write all that is known of images into a file of its own, to be put back from there."""
        with self._database.reading() as connection:
            withdrawn.save(connection, ids, file)

    def put_back(self, file: Path) -> int:
        """Take in again what `withdraw` wrote; returns how many images came back."""
        with self.writing(), self._database.transaction() as transaction:
            return withdrawn.restore(transaction, file)
