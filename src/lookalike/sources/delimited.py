"""The rows of a CSV or TSV table."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator

from lookalike.errors import SourceError
from lookalike.sources.rows import Row
from lookalike.sources.text_lines import LINE_LIMIT, text_lines
from lookalike.types import readable


def delimited_rows(path: str, delimiter: str) -> Iterator[Row]:
    """Rows as text; the first line holds the columns' names, blank lines are passed over.

    A comma-less first line with semicolons makes the semicolon the delimiter. A row with too
    many or too few cells, or with a quote that is never closed, has a problem.
    Raises `SourceError`.
    """
    csv.field_size_limit(LINE_LIMIT)
    lines = _Lines(text_lines(path))
    reader = csv.reader(lines, delimiter=lines.delimiter(delimiter))
    try:
        columns = _columns(next(reader, []), path)
        while True:
            first = reader.line_num + 1
            lines.quotes = 0
            cells = next(reader, None)
            if cells is None:
                return
            where = f" (lines {first} to {reader.line_num})" if reader.line_num > first else ""
            if where and lines.quotes % 2:
                yield Row(first, problem=f"a quote is opened and not closed{where}")
            elif cells and len(cells) != len(columns):
                found = f"{len(cells)} cell{'s' if len(cells) > 1 else ''}"
                problem = f"{found} under {len(columns)} columns{where}"
                yield Row(first, problem=problem)
            elif cells:
                yield Row(first, dict(zip(columns, cells, strict=True)))
    except csv.Error as error:
        raise SourceError(
            f"{readable(path)!r} cannot be read past line {reader.line_num}: {error}. "
            "Look for a quote that is opened and not closed."
        ) from error


class _Lines:
    """Passes lines on and counts the quotes in them."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._first: str | None = None
        self.quotes = 0

    def delimiter(self, usual: str) -> str:
        self._first = next(self._lines, None)
        header = self._first or ""
        return ";" if usual == "," and "," not in header and ";" in header else usual

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line, self._first = (self._first or next(self._lines)), None
        self.quotes += line.count('"')
        return line


def _columns(header: list[str], path: str) -> list[str]:
    """Names without surrounding blanks; a column without a name goes by its number."""
    names = [name.strip() or f"column_{number}" for number, name in enumerate(header, 1)]
    if not names:
        raise SourceError(f"{readable(path)!r} has no line with the names of its columns.")
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise SourceError(f"{readable(path)!r} has two columns named {twice[0]!r}. Rename one.")
    return names
