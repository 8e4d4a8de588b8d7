"""Reads a table once: its columns with their kinds, how many rows it has, spellings of labels."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice
from pathlib import Path, PurePath

from lookalike.errors import SourceError, UsageError
from lookalike.sources.columns import ColumnKinds, Kind, as_text
from lookalike.sources.naming import absolute
from lookalike.sources.rows import Row
from lookalike.sources.table_formats import TABLE_SUFFIXES, TableFormat, table_format
from lookalike.tables.labels import Spellings
from lookalike.types import Scalar, Stop, readable

TOLD_ROWS = 20_000
"""Rows between two words on the progress."""

LOOK_ROWS = 100

OnStep = Callable[[str, int, int], None]
Tidy = Callable[[Mapping[str, Scalar]], Mapping[str, Scalar]]


class InterruptedSurvey(Exception):  # noqa: N818  no error: somebody pressed Ctrl-C
    """`stop` turned true."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is there: where it lies, and how it is read. Made by `open_table`."""

    path: str
    format: TableFormat

    @property
    def name(self) -> str:
        """Its name for people."""
        return readable(PurePath(self.path).name)


@dataclass(slots=True)
class Surveyed:
    """The columns in the order in which they come, with their kinds; rows, malformed ones too."""

    columns: dict[str, Kind | None]
    rows: int = 0
    spellings: dict[str, Spellings] = field(default_factory=dict)


def open_table(path: str) -> Table:
    """The table at a path. Raises `SourceError` when there is none, or it is none by its name."""
    format_ = table_format(path)
    shown = readable(path)
    if not Path(path).is_file():
        raise SourceError(f"There is no file {shown!r}. Check the path.")
    if format_ is None:
        raise SourceError(f"{shown!r} is no table by its name ({', '.join(TABLE_SUFFIXES)}).")
    return Table(absolute(path), format_)


def first_columns(table: Table) -> list[str]:
    """The columns of the first rows; of csv and Parquet, those are all. Raises `SourceError`."""
    names: dict[str, None] = {}
    for row in islice(table.format.rows(table.path), LOOK_ROWS):
        names.update(dict.fromkeys(row.cells))
    if not names:
        raise SourceError(f"No row of {table.name!r} could be used: there is nothing to do.")
    return list(names)


def told_rows(
    table: Table, doing: str, on_step: OnStep, stop: Stop, total: int = 0
) -> Iterator[Row]:
    """The rows of a table, with a word on the progress now and then.

    Raises `SourceError`, `MissingExtraError`; `InterruptedSurvey` when `stop` turned true.
    """
    for done, row in enumerate(table.format.rows(table.path), 1):
        yield row
        if done % TOLD_ROWS == 0:
            on_step(doing, done, total)
            if stop():
                raise InterruptedSurvey


def survey(
    table: Table, labels: Collection[str], tidy: Tidy, on_step: OnStep, stop: Stop
) -> Surveyed:
    """Read all rows once. `labels` are the columns whose spellings are counted, as `tidy` gives.

    Raises `SourceError`, `UsageError`, `MissingExtraError`; `InterruptedSurvey`.
    """
    kinds = ColumnKinds(typed=table.format.typed)
    found = Surveyed(kinds.kinds)
    counted = found.spellings
    counted.update({name: Spellings(name) for name in labels})
    for row in told_rows(table, "reading", on_step, stop):
        found.rows += 1
        cells = tidy(row.cells)
        kinds.observe(cells)
        for name, spellings in counted.items():
            text = as_text(cells.get(name))
            if text:
                spellings.add(text)
    return found


def known_column(name: str, columns: Collection[str], table: str) -> str:
    """`name`, if the table has such a column. Raises `UsageError` with the nearest."""
    if name in columns:
        return name
    near = get_close_matches(name, columns, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    shown = ", ".join(map(repr, list(columns)[:20]))
    raise UsageError(f"{table!r} has no column {name!r}. {hint}Its columns: {shown}.")
