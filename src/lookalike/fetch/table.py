"""Tables of URLs: their rows one by one, and all that has to be known to write them again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from difflib import get_close_matches
from itertools import islice

from lookalike.errors import LookalikeError, SourceError
from lookalike.sources.columns import ColumnKinds, Kind, as_text
from lookalike.sources.rows import Row
from lookalike.sources.table_plan import URL_COLUMNS
from lookalike.tables.survey import LOOK_ROWS, open_table


class UrlTable:
    """A table with a column of URLs, read as a stream as often as needed.

    Raises `SourceError` when it is not there, is no table, or its URL column cannot be told.
    """

    def __init__(self, path: str, url_column: str | None, limit: int | None = None) -> None:
        table = open_table(path)
        self.path = table.path
        self.format = table.format
        self._limit = limit
        self.url_column = _checked(url_column, self._first_columns(), table.name)

    def rows(self) -> Iterator[Row]:
        """Every row, in order."""
        return islice(self.format.rows(self.path), self._limit)

    def url(self, row: Row) -> str:
        """The URL in a row, empty where there is none."""
        return as_text(row.cells.get(self.url_column)).strip()

    def _first_columns(self) -> list[str]:
        names: dict[str, None] = {}
        for row in islice(self.rows(), LOOK_ROWS):
            names.update(dict.fromkeys(row.cells))
        return list(names)


class Survey:
    """Reads a table once more in the background, for the number and the columns of its rows."""

    def __init__(self, table: UrlTable) -> None:
        self._table = table
        self._failure: LookalikeError | None = None
        self._kinds = ColumnKinds(typed=table.format.typed)
        self._rows = 0
        self.total: int | None = None
        self._thread = threading.Thread(target=self._look, daemon=True, name="survey")
        self._thread.start()

    def columns(self) -> dict[str, Kind | None]:
        """The kind of each column; waits until all is read. Raises the table's own errors."""
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        return self._kinds.kinds

    def _look(self) -> None:
        try:
            for row in self._table.rows():
                self._kinds.observe(row.cells)
                self._rows += 1
        except LookalikeError as error:
            self._failure = error
        else:
            self.total = self._rows


def _checked(wanted: str | None, columns: list[str], name: str) -> str:
    listed = f"Its columns: {', '.join(map(repr, columns[:20]))}."
    if wanted is not None:
        if wanted in columns or not columns:
            return wanted
        near = get_close_matches(wanted, columns, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise SourceError(f"{name!r} has no column {wanted!r}. {hint}{listed}")
    likely = [column for column in columns if column.lower() in URL_COLUMNS]
    if len(likely) == 1:
        return likely[0]
    if not columns:
        return "url"
    raise SourceError(f"Which column of {name!r} holds the URL? Say it with --url-column. {listed}")
