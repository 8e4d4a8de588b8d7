"""Cleans a table: rows that say nothing, or say it again, go; cells become what was meant."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from lookalike.errors import UsageError
from lookalike.sources.columns import Kind, as_text
from lookalike.sources.rows import Row
from lookalike.sources.seen import Seen
from lookalike.sources.table_plan import PATH_COLUMNS, URL_COLUMNS
from lookalike.tables.cells import is_number, tidied
from lookalike.tables.cleaned import Cleaned, Why
from lookalike.tables.places import beside
from lookalike.tables.survey import (
    InterruptedSurvey,
    OnStep,
    Table,
    first_columns,
    known_column,
    open_table,
    survey,
    told_rows,
)
from lookalike.tables.urls import url_key, url_problem
from lookalike.tables.writing import writing_table
from lookalike.types import Scalar, Stop

LABEL_COLUMNS = frozenset({"label", "labels", "class", "category"})
"""Names, in lower case, of columns that are taken for labels where none are named."""
WHOLE, URL = "\0row", "\0url"  # no column has such a name
REPORT: Mapping[str, Kind] = {"row": "int", "reason": "text", "detail": "text"}


@dataclass(frozen=True, slots=True)
class Cleaning:
    """How a table is to be cleaned; columns go by the names that they have in it.

    `url_column` holds URLs, of which near-identical ones are taken for one; "" for none, None
    for the column that usually does. `label_columns` are those whose spellings are made one.
    `required` must not be empty, `numbers` hold numbers or nothing, rows that agree in one of
    `unique` are one. `rename` gives new names by old ones.
    """

    url_column: str | None = None
    label_columns: Sequence[str] | None = None
    required: Sequence[str] = ()
    unique: Sequence[str] = ()
    numbers: Sequence[str] = ()
    rename: Mapping[str, str] = field(default_factory=dict)


def clean_table(
    table: str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    how: Cleaning | None = None,
    *,
    removed: str | os.PathLike[str] | None = None,
    on_step: OnStep = lambda *_: None,
    stop: Stop = lambda: False,
) -> Cleaned | None:
    """Write a cleaned table to `out`, and the rows that went to `removed`, with their reasons.

    By default both lie beside the table: `NAME.clean.csv`, `NAME.removed.csv`. The table is read
    twice and never changed; memory does not grow with it. None when `stop` turned true: then
    nothing is written. Raises `SourceError`, `UsageError`, `MissingExtraError`,
    `StorageFullError`.
    """
    opened = open_table(os.fspath(table))
    places = [
        beside(opened.path, "clean") if out is None else Path(out),
        beside(opened.path, "removed", ".csv") if removed is None else Path(removed),
    ]
    _check_places(opened, places)
    plan = _plan(opened, how or Cleaning())
    report = Cleaned(opened.path, str(places[0]), str(places[1]))
    report.renamed = dict(plan.how.rename)
    report.left_out = opened.format.unread(opened.path)
    began = time.monotonic()
    try:
        _run(opened, plan, places, report, on_step, stop)
    except InterruptedSurvey:
        return None
    report.seconds = time.monotonic() - began
    return report


@dataclass(slots=True)
class _Plan:
    """What is done to the rows, with every column known by name."""

    how: Cleaning
    url: str
    labels: Sequence[str]
    required: Sequence[str]
    winners: dict[str, dict[str, str]] = field(default_factory=dict)

    def tidy(self, cells: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """All but labels."""
        tidy = {name: tidied(cell) for name, cell in cells.items()}
        for name in self.how.numbers:
            if not is_number(tidy.get(name)):
                tidy[name] = None
        return tidy


def _plan(table: Table, how: Cleaning) -> _Plan:
    columns = first_columns(table)
    labels = (
        [name for name in columns if name.lower() in LABEL_COLUMNS]
        if how.label_columns is None
        else [name for name in how.label_columns if name]
    )
    url = how.url_column
    if url is None:
        likely = [name for name in columns if name.lower() in URL_COLUMNS]
        url = likely[0] if len(likely) == 1 else ""
    paths = [name for name in columns if name.lower() in PATH_COLUMNS]
    needed = [url] if url else paths if len(paths) == 1 else []
    for name in (
        *labels,
        *how.required,
        *how.unique,
        *how.numbers,
        *how.rename,
        *filter(None, [url]),
    ):
        known_column(name, columns, table.name)
    return _Plan(how, url, labels, list(dict.fromkeys([*needed, *how.required])))


def _run(
    table: Table, plan: _Plan, places: Sequence[Path], report: Cleaned, on_step: OnStep, stop: Stop
) -> None:
    surveyed = survey(table, plan.labels, plan.tidy, on_step, stop)
    for name, spellings in surveyed.spellings.items():
        plan.winners[name] = spellings.winners()
        if merged := spellings.merged(plan.winners[name]):
            report.labels[name] = merged
    names = _new_names(surveyed.columns, plan.how.rename)
    columns = {names[name]: kind for name, kind in surveyed.columns.items()}
    facts = {name: name if name not in surveyed.columns else f"clean_{name}" for name in REPORT}
    removed_columns: dict[str, Kind | None] = {facts[name]: kind for name, kind in REPORT.items()}
    with ExitStack() as stack:
        seen = {key: stack.enter_context(closing(Seen())) for key in _keys(plan)}
        write_removed = stack.enter_context(
            writing_table(places[1], removed_columns | surveyed.columns)
        )
        write = stack.enter_context(writing_table(places[0], columns))
        for row in told_rows(table, "cleaning", on_step, stop, surveyed.rows):
            report.rows += 1
            cells = plan.tidy(row.cells)
            _relabel(cells, plan)
            why = _why(row, cells, plan, list(surveyed.columns), seen)
            if why is None:
                report.kept += 1
                _count_changes(row.cells, cells, plan, report)
                write({names[name]: cell for name, cell in cells.items()})
            else:
                reason, detail = why
                report.removed[reason] += 1
                told = (row.number, reason, detail)
                write_removed({**row.cells, **dict(zip(facts.values(), told, strict=True))})


def _relabel(cells: dict[str, Scalar], plan: _Plan) -> None:
    for name, winners in plan.winners.items():
        winner = winners.get(as_text(cells.get(name)))
        if winner is not None:
            cells[name] = winner


def _keys(plan: _Plan) -> list[str]:
    """What rows are told apart by: all of their cells, their URLs, columns of their own."""
    return [WHOLE, *([URL] if plan.url else []), *plan.how.unique]


def _why(
    row: Row,
    cells: Mapping[str, Scalar],
    plan: _Plan,
    columns: Sequence[str],
    seen: Mapping[str, Seen],
) -> tuple[Why, str] | None:
    """Why a row goes; None where it stays."""
    if row.problem:
        return "malformed", row.problem
    for name in plan.required:
        if cells.get(name) in {None, ""}:
            return "empty", f"column {name!r}"
    whole = "\x1f".join([as_text(cells.get(name)) for name in columns])
    url = as_text(cells.get(plan.url)) if plan.url else ""
    problem = url_problem(url) if url else ""
    if problem:
        return "bad-url", problem
    tests: dict[str, tuple[str, Why]] = {WHOLE: (whole, "duplicate-row")}
    if url:
        tests[URL] = (url_key(url), "duplicate-url")
    tests |= {name: (as_text(cells.get(name)), "repeated") for name in plan.how.unique}
    for key, (text, reason) in tests.items():
        earlier = seen[key].find(text, values=whole) if text else None
        if earlier is not None:
            other = "" if earlier.same_values else ", with other values"
            return reason, f"as {earlier.number}{other}"
    for key, (text, _) in tests.items():
        if text:
            seen[key].earlier(text, row.number, "", whole)
    return None


def _count_changes(
    before: Mapping[str, Scalar], after: Mapping[str, Scalar], plan: _Plan, report: Cleaned
) -> None:
    for name, cell in after.items():
        was = before.get(name)
        if was == cell or (was in {None, ""} and cell in {None, ""}):
            continue
        tidy = tidied(was)
        if cell == tidy:
            report.changed["space" if cell != "" or not str(was).strip() else "nothing"] += 1
        elif name in plan.how.numbers:
            report.changed["number" if tidy != "" else "nothing"] += 1
        else:
            report.changed["label"] += 1


def _new_names(columns: Collection[str], rename: Mapping[str, str]) -> dict[str, str]:
    names = {name: rename.get(name, name) for name in columns}
    by_new: dict[str, str] = {}
    for old, new in names.items():
        if not new.strip():
            raise UsageError(f"Column {old!r} needs a name: --rename {old}=NAME.")
        if new in by_new:
            raise UsageError(f"Columns {by_new[new]!r} and {old!r} would both be named {new!r}.")
        by_new[new] = old
    return names


def _check_places(table: Table, places: Sequence[Path]) -> None:
    """Refuse to write over the table, or two things to one place."""
    real = [Path(table.path).resolve(), *(place.resolve() for place in places)]
    for place, other in ((1, 0), (2, 0), (2, 1)):
        if real[place] == real[other]:
            raise UsageError(
                f"{str(places[place - 1])!r} is {'the table itself' if not other else 'taken'}: "
                "what is cleaned is written beside it, never over it."
            )
