"""What a run of downloads has done so far, and what became of every row in the end."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from lookalike.fetch.journal import Outcome


@dataclass(slots=True)
class Progress:
    """A run as it goes on, counted in URLs; `settled` are those that are over.

    `known` counts rows whose URL was settled already, by this run or one before; `retried`
    are tries again, `bytes` what came in. `rows` of the table have been read, out of `total`
    once that is known.
    """

    rows: int = 0
    total: int | None = None
    known: int = 0
    kept: int = 0
    failed: int = 0
    retried: int = 0
    bytes: int = 0
    active: int = 0
    waiting: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    started: float = field(default_factory=time.monotonic, repr=False)

    @property
    def settled(self) -> int:
        """URLs of this run that are over."""
        return self.kept + self.failed

    @property
    def seconds(self) -> float:
        """How long the run has taken."""
        return time.monotonic() - self.started

    def count(self, outcome: Outcome) -> None:
        """Take in what became of one URL."""
        if outcome.status == "failed":
            self.failed += 1
            self.reasons[outcome.reason] += 1
        else:
            self.kept += 1
        self.bytes += outcome.size


@dataclass(slots=True)
class FetchReport:
    """Rows of the table: fetched + duplicate + failed + unasked = rows.

    A duplicate is a row whose URL or content came before; it names the same file. Unasked
    are rows that a run which was stopped did not come to. `asked` counts URLs that this run
    settled, `known` rows whose URL was settled when they were read.
    """

    table: str
    outcomes: str
    rows: int = 0
    fetched: int = 0
    duplicate: int = 0
    failed: int = 0
    unasked: int = 0
    asked: int = 0
    known: int = 0
    retried: int = 0
    bytes: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0
    interrupted: bool = False

    def count(self, outcome: Outcome | None, *, again: bool = False) -> None:
        """Take in a row; `again` when an earlier row has its URL."""
        self.rows += 1
        if outcome is None:
            self.unasked += 1
        elif outcome.status == "failed":
            self.failed += 1
            self.reasons[outcome.reason] += 1
            if outcome.reason == "http" and outcome.http is not None:
                self.codes[outcome.http] += 1
        elif again or outcome.status == "duplicate":
            self.duplicate += 1
        else:
            self.fetched += 1

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "table": self.table,
            "outcomes": self.outcomes,
            "rows": self.rows,
            "fetched": self.fetched,
            "duplicate": self.duplicate,
            "failed": self.failed,
            "unasked": self.unasked,
            "asked": self.asked,
            "known": self.known,
            "retried": self.retried,
            "bytes": self.bytes,
            "reasons": dict(self.reasons.most_common()),
            "codes": {str(code): times for code, times in self.codes.most_common()},
            "interrupted": self.interrupted,
            "seconds": round(self.seconds, 3),
        }
