"""Figures as Markdown tables on stdout and, if asked for, as JSON in benchmarks/results/."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).with_name("results")
Cell = str | int | float


@dataclass(frozen=True, slots=True)
class Table:
    """A title, columns, rows, and what one must know to read them."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""

    def markdown(self) -> str:
        """The table as Markdown, numbers to three figures."""
        lines = [
            _line(self.columns),
            _line(["---", *["---:"] * (len(self.columns) - 1)]),
            *(_line([_text(cell) for cell in row]) for row in self.rows),
        ]
        note = f"\n{self.note}\n" if self.note else ""
        return f"### {self.title}\n\n" + "\n".join(lines) + f"\n{note}"


def save(tables: Sequence[Table]) -> Path:
    """Write the tables of one run to a JSON file of its own."""
    now = datetime.now(UTC)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{now:%Y%m%dT%H%M%SZ}.json"
    data = {
        "at": now.isoformat(timespec="seconds"),
        "platform": platform.platform(),
        "tables": [asdict(table) for table in tables],
    }
    path.write_text(json.dumps(data, indent=1), encoding="utf-8")
    return path


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.3g}"
    return f"{cell:,}" if isinstance(cell, int) else cell
