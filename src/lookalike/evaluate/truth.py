"""What counts as a match: images that agree in their columns, or that a person judged so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from lookalike.errors import UnknownNameError
from lookalike.types import Floats, Keys, Scalar

MISSING = -1


class Truth(Protocol):
    """Gains of images as answers to queries; an image is a row number below n."""

    @property
    def threshold(self) -> float:
        """The gain from which on an image is a match."""

    @property
    def known(self) -> Keys:
        """Rows of which enough is known to be a query, rising."""

    def gains(self, queries: Keys, rows: Keys) -> Floats:
        """The gain of each of `rows` (m,) for each of `queries` (q,): float32 (q, m)."""


def codes_of(values: Sequence[Scalar]) -> tuple[Keys, list[str]]:
    """A number for each different value, and the values by number, sorted.

    An empty text, white space and None are `MISSING`; white space around a value is not part
    of it.
    """
    texts = ["" if value is None else str(value).strip() for value in values]
    names = sorted({text for text in texts if text})
    numbers = {name: number for number, name in enumerate(names)}
    return np.array([numbers.get(text, MISSING) for text in texts], dtype=np.int64), names


def dropped(drop: Collection[str], columns: Iterable[Sequence[Scalar]]) -> set[str]:
    """The values to leave out, without the white space around them.

    Raises `UnknownNameError` for one that no image has in any of the columns.
    """
    wanted = {value.strip() for value in drop}
    if wanted:
        there = {str(v).strip() for values in columns for v in values if v is not None} - {""}
        for name in sorted(wanted - there):
            raise UnknownNameError("value to leave out", name, there)
    return wanted


@dataclass(frozen=True, slots=True)
class Agreement:
    """Images match when they agree in all columns: `codes` (n, c), `MISSING` where unknown.

    With `graded` the gain is the number of columns in which they agree, and an image without
    a value in one of them can be a query; a match has to agree in all even then.
    """

    codes: Keys
    graded: bool = False

    @property
    def threshold(self) -> float:
        """All columns, or 1 when agreement is all or nothing."""
        return float(self.codes.shape[1]) if self.graded else 1.0

    @property
    def known(self) -> Keys:
        """Rows that have a value in every column; in any column when graded."""
        there = self.codes != MISSING
        return np.flatnonzero(there.any(axis=1) if self.graded else there.all(axis=1))

    def gains(self, queries: Keys, rows: Keys) -> Floats:
        """How many columns agree, or 1 where all do."""
        agreed = np.zeros((len(queries), len(rows)), dtype=np.float32)
        for column in self.codes.T:
            mine = column[queries][:, None]
            agreed += (mine == column[rows][None, :]) & (mine != MISSING)
        return agreed if self.graded else (agreed == self.codes.shape[1]).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Judged:
    """Verdicts: for each query row, the gains of the rows that were judged; others have 0.

    A verdict below 0 counts as 0, as trec_eval counts it.
    """

    verdicts: Mapping[int, Mapping[int, float]]
    count: int
    threshold: float = 1.0

    @property
    def known(self) -> Keys:
        """Rows for which there is a verdict."""
        return np.array(sorted(self.verdicts), dtype=np.int64)

    def gains(self, queries: Keys, rows: Keys) -> Floats:
        """Verdicts, spread over all rows and then picked."""
        spread = np.zeros((len(queries), self.count), dtype=np.float32)
        for place, query in enumerate(queries):
            judged = self.verdicts.get(int(query), {})
            for row, gain in judged.items():
                spread[place, row] = max(gain, 0.0)
        return spread[:, rows]

    def judged(self, query: int, rows: Keys) -> int:
        """How many of `rows` have a verdict for a query."""
        verdicts = self.verdicts.get(query, {})
        return sum(int(row) in verdicts for row in rows)
