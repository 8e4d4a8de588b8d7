"""The table of outcomes: every row of the table that was fetched, with what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Literal, TypeAlias

from lookalike.fetch.journal import Journal, Outcome, Stored, url_key
from lookalike.fetch.report import FetchReport
from lookalike.fetch.table import Survey, UrlTable
from lookalike.sources.columns import Kind, convert
from lookalike.sources.seen import Seen
from lookalike.tables.writing import writing_table

OutcomesFormat: TypeAlias = Literal["csv", "parquet"]
FIELDS: Mapping[str, Kind] = {
    "file": "text",
    "status": "text",
    "http": "int",
    "reason": "text",
    "detail": "text",
    "bytes": "int",
    "width": "int",
    "height": "int",
    "sha256": "text",
    "tries": "int",
    "seconds": "float",
}


def write_outcomes(
    path: Path, table: UrlTable, survey: Survey, journal: Journal, report: FetchReport
) -> None:
    """Read the table once more and write it with the journal's word on each row.

    The columns of an outcome come after the table's own; one that the table has too gets
    `fetch_` in front. Rows that nobody came to, in a run that was stopped, have no status.
    `report` counts the rows. Raises the table's errors, and `MissingExtraError`.
    """
    kinds = survey.columns()
    names = {field: field if field not in kinds else f"fetch_{field}" for field in FIELDS}
    columns = {**kinds, **{names[field]: kind for field, kind in FIELDS.items()}}
    with writing_table(path, columns) as write, closing(Seen()) as seen:
        for row in table.rows():
            url = table.url(row)
            outcome, stored = _found(journal, url, row.problem)
            if outcome is not None and outcome.status == "fetched":
                again = seen.earlier(url, row.number, "") is not None
                report.count(outcome, again=again)
            else:
                again = False
                report.count(outcome)
            cells = {column: convert(row.cells.get(column), kind) for column, kind in kinds.items()}
            for field, value in outcome_cells(outcome, stored, again=again).items():
                cells[names[field]] = value
            write(cells)


def _found(journal: Journal, url: str, problem: str) -> tuple[Outcome | None, Stored | None]:
    if problem:
        return Outcome("failed", reason="bad-row", detail=problem, tries=0), None
    if not url:
        return Outcome("failed", reason="bad-url", detail="no URL", tries=0), None
    outcome = journal.outcome(url_key(url))
    if outcome is None or outcome.sha256 is None:
        return outcome, None
    return outcome, journal.content(outcome.sha256)


def outcome_cells(outcome: Outcome | None, stored: Stored | None, *, again: bool) -> dict[str, Any]:
    """The cells of an outcome by `FIELDS`; `again` when an earlier row has its URL."""
    if outcome is None:
        return {}
    fields: dict[str, Any] = {
        "status": "duplicate" if again else outcome.status,
        "http": outcome.http,
        "reason": outcome.reason,
        "detail": outcome.detail,
        "bytes": outcome.size or None,
        "sha256": outcome.sha256.hex() if outcome.sha256 else "",
        "tries": outcome.tries,
        "seconds": round(outcome.seconds, 3),
    }
    if stored is not None:
        fields |= {"file": stored.file, "width": stored.width, "height": stored.height}
    return fields
