"""Spellings of labels: which are one label, and which of them wins."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping

from lookalike.errors import UsageError

MOST = 100_000
"""Spellings that a column of labels may have."""


class Spellings:
    """Counts the spellings of a column; those that differ in case and space alone are one."""

    def __init__(self, column: str) -> None:
        self._column = column
        self._counts: Counter[str] = Counter()

    def add(self, text: str) -> None:
        """Take one cell in. Raises `UsageError` where this cannot be a column of labels."""
        self._counts[text] += 1
        if len(self._counts) > MOST:
            raise UsageError(
                f"Column {self._column!r} has more than {MOST:,} different cells: those are no "
                "labels. Name another with --label-column, or --label-column '' for none."
            )

    def winners(self) -> dict[str, str]:
        """For each spelling that loses, the one it becomes: the commonest, of equals the first."""
        best: dict[str, str] = {}
        for text, count in self._counts.items():
            key = _same(text)
            if key not in best or count > self._counts[best[key]]:
                best[key] = text
        return {
            text: plain
            for text in self._counts
            if (plain := _one_spaced(best[_same(text)])) != text
        }

    def merged(self, winners: Mapping[str, str]) -> dict[str, dict[str, int]]:
        """By winner, how often each spelling came that became it."""
        found: dict[str, dict[str, int]] = {}
        for text, winner in winners.items():
            found.setdefault(winner, {})[text] = self._counts[text]
        return found


def _one_spaced(text: str) -> str:
    return " ".join(text.split())


def _same(text: str) -> str:
    return unicodedata.normalize("NFKC", _one_spaced(text)).casefold()
