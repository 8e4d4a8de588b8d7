"""What a run did: the four outcomes add up to what was offered."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lookalike.types import Outcome, Rejected, outcome_kind

SHOWN_REJECTS = 1000
"""Rejects a report carries itself; the library keeps all of them."""


@dataclass(slots=True)
class Report:
    """Counts of one `Library.add`; `offered` is always the sum of the four outcomes.

    `space` is what was filled; `total` is how many the source will offer, once that has been
    counted; `vanished` names images that it offered before and not now, when pruning was asked.
    """

    source: str
    library: str
    space: str = ""
    offered: int = 0
    embedded: int = 0
    unchanged: int = 0
    duplicate: int = 0
    rejected: int = 0
    pruned: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    rejects: list[Rejected] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    interrupted: bool = False
    total: int | None = None
    seconds: float = 0.0
    started: float = field(default_factory=time.monotonic, repr=False)

    def count(self, outcomes: Sequence[Outcome]) -> None:
        """Take in outcomes that have been stored."""
        self.offered += len(outcomes)
        for outcome in outcomes:
            kind = outcome_kind(outcome)
            setattr(self, kind, getattr(self, kind) + 1)
            if isinstance(outcome, Rejected):
                self.reasons[outcome.reason] += 1
                if len(self.rejects) < SHOWN_REJECTS:
                    self.rejects.append(outcome)
        self.finish()

    def finish(self) -> None:
        """Note how long the run has taken until now."""
        self.seconds = time.monotonic() - self.started

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "source": self.source,
            "library": self.library,
            "space": self.space,
            "offered": self.offered,
            "embedded": self.embedded,
            "unchanged": self.unchanged,
            "duplicate": self.duplicate,
            "rejected": self.rejected,
            "pruned": self.pruned,
            "reasons": dict(self.reasons),
            "rejects": [
                {"id": r.id, "uri": r.uri, "reason": r.reason, "detail": r.detail}
                for r in self.rejects
            ],
            "vanished": self.vanished,
            "notes": self.notes,
            "interrupted": self.interrupted,
            "seconds": round(self.seconds, 3),
        }
