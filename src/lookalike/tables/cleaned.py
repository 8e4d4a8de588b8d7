"""What cleaning a table did: how many rows went and why, and what was changed in the rest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Why: TypeAlias = Literal[
    "malformed", "empty", "bad-url", "duplicate-row", "duplicate-url", "repeated"
]
WHY: dict[Why, str] = {
    "malformed": "the row cannot be read as the table's others",
    "empty": "a cell that is needed is empty",
    "bad-url": "no image can be asked for there",
    "duplicate-row": "equal to an earlier row",
    "duplicate-url": "an earlier row leads to the same image",
    "repeated": "an earlier row has the same in a column that tells rows apart",
}


@dataclass(slots=True)
class Cleaned:
    """Rows of the table: kept + removed = rows. `removed_table` holds those that went.

    `changed` counts cells of kept rows by what was done to them: `space`, `nothing` (words such
    as NULL), `label`, `number` (what is none was emptied). `labels` gives by column, and by the
    spelling that won, how often each other one came.
    """

    table: str
    out: str
    removed_table: str
    rows: int = 0
    kept: int = 0
    removed: Counter[Why] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    labels: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "table": self.table,
            "out": self.out,
            "removed_table": self.removed_table,
            "rows": self.rows,
            "kept": self.kept,
            "removed": dict(self.removed.most_common()),
            "changed": dict(self.changed.most_common()),
            "labels": self.labels,
            "renamed": self.renamed,
            "left_out": self.left_out,
            "seconds": round(self.seconds, 3),
        }
