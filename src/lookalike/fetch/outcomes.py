"""The table of outcomes: every row of the table that was fetched, with what became of it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from lookalike.errors import MissingExtraError
from lookalike.fetch.journal import Journal, Outcome, Stored, url_key
from lookalike.fetch.report import FetchReport
from lookalike.fetch.table import Survey, UrlTable
from lookalike.sources.columns import Kind, as_text, convert
from lookalike.sources.seen import Seen

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
PARQUET_ROWS = 10_000


class _Writer(Protocol):
    def write(self, cells: Mapping[str, Any]) -> None: ...


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
    part = path.with_name(path.name + ".part")
    opened = _parquet(part, columns) if path.suffix == ".parquet" else _csv(part, columns)
    with opened as writer, closing(Seen()) as seen:
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
            for field, value in _fields(outcome, stored, again=again).items():
                cells[names[field]] = value
            writer.write(cells)
    part.replace(path)


def _found(journal: Journal, url: str, problem: str) -> tuple[Outcome | None, Stored | None]:
    if problem:
        return Outcome("failed", reason="bad-row", detail=problem, tries=0), None
    if not url:
        return Outcome("failed", reason="bad-url", detail="no URL", tries=0), None
    outcome = journal.outcome(url_key(url))
    if outcome is None or outcome.sha256 is None:
        return outcome, None
    return outcome, journal.content(outcome.sha256)


def _fields(outcome: Outcome | None, stored: Stored | None, *, again: bool) -> dict[str, Any]:
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


@contextmanager
def _csv(path: Path, columns: Mapping[str, Kind | None]) -> Iterator[_Writer]:
    class CsvWriter:
        def write(self, cells: Mapping[str, Any]) -> None:
            rows.writerow([as_text(cells.get(column)) for column in columns])

    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(columns)
        yield CsvWriter()


@contextmanager
def _parquet(path: Path, columns: Mapping[str, Kind | None]) -> Iterator[_Writer]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError("Writing Parquet tables", "tables") from error
    types = {"bool": pa.bool_(), "int": pa.int64(), "float": pa.float64(), "text": pa.string()}
    schema = pa.schema([(column, types[kind or "text"]) for column, kind in columns.items()])
    held: list[Mapping[str, Any]] = []

    class ParquetWriter:
        def write(self, cells: Mapping[str, Any]) -> None:
            held.append(cells)
            if len(held) >= PARQUET_ROWS:
                flush()

    def flush() -> None:
        file.write_table(pa.Table.from_pylist(held, schema=schema))
        held.clear()

    with pq.ParquetWriter(path, schema) as file:
        yield ParquetWriter()
        flush()
