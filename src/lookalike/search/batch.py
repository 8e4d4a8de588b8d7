"""Many questions from a file: one a line, or one a row of a table."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lookalike.errors import SourceError, UsageError
from lookalike.search.grammar import parse_query
from lookalike.search.query import Item, Query

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
QUERY_COLUMN, ID_COLUMN = "query", "id"


@dataclass(frozen=True, slots=True)
class Written:
    """A question as it is written, or why it is none."""

    text: str
    query: Query | None
    problem: str = ""


def questions_in(path: str) -> Iterator[Written]:
    """The questions of a file: each line an item, each row of a .csv or .tsv a question.

    A table has a column `query`, written as in the shell, or a column `id`. Raises
    `SourceError`, or `UsageError` for a table without such a column.
    """
    delimiter = _DELIMITERS.get(Path(path).suffix.lower())
    if delimiter is not None:
        yield from _rows(path, delimiter)
        return
    try:
        with Path(path).open("rb") as file:
            yield from questions_of(file)
    except OSError as error:
        raise SourceError(f"{path!r} cannot be read: {error.strerror}.") from error


def questions_of(stream: BinaryIO, *, null: bool = False) -> Iterator[Written]:
    """The same of a stream, where lines end in NUL with `null`; blank ones are passed over."""
    from lookalike.sources import split_paths

    for line in split_paths(stream, b"\0" if null else b"\n"):
        if line.strip():
            yield _written(line, [line])


def _rows(path: str, delimiter: str) -> Iterator[Written]:
    from lookalike.sources.delimited import delimited_rows

    for row in delimited_rows(path, delimiter):
        if row.problem:
            yield Written(f"line {row.number}", None, row.problem)
        elif QUERY_COLUMN in row.cells:
            text = str(row.cells[QUERY_COLUMN])
            yield _written(text, None)
        elif ID_COLUMN in row.cells:
            id_ = str(row.cells[ID_COLUMN])
            yield Written(f"id:{id_}", Query([Item(id=id_)]))
        else:
            raise UsageError(f"{path!r} has no column `query` or `id`, but {', '.join(row.cells)}.")


def _written(text: str, words: list[str] | None) -> Written:
    """The question of some words, or of those that a shell would see in the text."""
    try:
        return Written(text, parse_query(shlex.split(text) if words is None else words))
    except (UsageError, ValueError) as error:  # ValueError: a quote that is not closed
        return Written(text, None, str(error))
