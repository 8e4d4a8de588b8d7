"""How a table is to be split, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lookalike.errors import UsageError
from lookalike.sources.table_plan import TableOptions

TRAIN, VALID, TEST = "train", "valid", "test"


@dataclass(frozen=True, slots=True)
class Splitting:
    """How a table is to be split; raises `UsageError` for what cannot be.

    `train` and `valid` are shares of the rows; what they leave is for test. `stratify` is a
    column whose values are to be in each part in proportion, `group` one whose rows stay
    together; rows without a value there stand alone. The same seed gives the same parts,
    whatever the order of the rows. `options` say what the id of a row is, as for `index`.
    """

    train: float = 0.8
    valid: float = 0.0
    stratify: str | None = None
    group: str | None = None
    seed: int = 0
    options: TableOptions = field(default_factory=TableOptions)

    def __post_init__(self) -> None:
        if not (0 < self.train < 1 and 0 <= self.valid < 1 and self.train + self.valid <= 1):
            raise UsageError(
                "--train and --valid are shares such as 0.8 and 0.1, together at most 1; "
                f"not {self.train:g} and {self.valid:g}."
            )

    @property
    def shares(self) -> dict[str, float]:
        """The share of each part that there is."""
        named = {TRAIN: self.train, VALID: self.valid, TEST: 1 - self.train - self.valid}
        return {name: share for name, share in named.items() if share > 1e-9}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a split: its table, rows, and how many of them have each label."""

    out: str
    rows: int
    labels: dict[str, int]


@dataclass(slots=True)
class Split:
    """Rows of the table: those of all parts + left out = rows.

    `left_out` counts rows that name no image or repeat an id. `groups` counts groups of
    several rows. `sides` gives the part of each id, where that was asked for.
    """

    table: str
    seed: int
    rows: int = 0
    left_out: int = 0
    groups: int = 0
    parts: dict[str, Part] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    sides: dict[str, str] = field(default_factory=dict, repr=False)
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "table": self.table,
            "seed": self.seed,
            "rows": self.rows,
            "left_out": self.left_out,
            "groups": self.groups,
            "parts": {
                name: {"out": part.out, "rows": part.rows, "labels": part.labels}
                for name, part in self.parts.items()
            },
            "notes": self.notes,
            "seconds": round(self.seconds, 3),
        }
