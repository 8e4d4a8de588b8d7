"""A table as a source: each row names an image; the other columns become typed metadata."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import PurePath

from lookalike.errors import DuplicateIdError, ImageRejectedError
from lookalike.sources import skips
from lookalike.sources.columns import ColumnKinds
from lookalike.sources.naming import absolute
from lookalike.sources.rows import Row
from lookalike.sources.seen import Seen
from lookalike.sources.skips import Skips
from lookalike.sources.table_formats import TableFormat
from lookalike.sources.table_plan import RowPlan, TableOptions, make_plan
from lookalike.types import Reference, Rejected, location_uri, readable


class TableSource:
    """The images that a table names, one a row; relative paths are relative to the table.

    The table is read twice from start to end: for the types of its columns, then for its
    rows. Rows equal in every cell are offered once; of rows with one id and one path the
    first counts; both are noted. Files are not looked for here.
    """

    complete = True

    def __init__(self, table: str, format_: TableFormat, options: TableOptions) -> None:
        self._table = absolute(table)
        self._name = readable(PurePath(self._table).name)
        self._format = format_
        self._options = options
        self._skips = Skips()
        self.uri = readable(self._table)

    @property
    def notes(self) -> list[str]:
        """What was passed over and why."""
        return self._skips.sentences()

    def references(self) -> Iterator[Reference | Rejected]:
        """Every row; raises `SourceError`, `DuplicateIdError`, `MissingExtraError`."""
        self._skips = Skips()
        plan = self._plan()
        with closing(Seen()) as seen:
            for row in self._format.rows(self._table):
                offer = self._offer(plan, row)
                if isinstance(offer, Rejected) or self._is_new(offer, row, seen):
                    yield offer

    def _plan(self) -> RowPlan | None:
        """What the columns are for; None when no row has any."""
        columns = ColumnKinds(typed=self._format.typed)
        for row in self._format.rows(self._table):
            columns.observe(row.cells)
        if not columns.kinds:
            self._skips.fault("no row of the table could be used")
            return None
        unread = self._format.unread(self._table)
        for column in unread:
            self._skips.fault(f"column {column!r} left out: bytes, lists or structures")
        return make_plan(self._options, columns.kinds, self._table, unread)

    def _offer(self, plan: RowPlan | None, row: Row) -> Reference | Rejected:
        if plan is None or row.problem:
            return self._rejected("", row, row.problem)
        try:
            return plan.reference(row.cells)
        except ImageRejectedError as error:
            return self._rejected(plan.id(row.cells), row, error.detail)

    def _rejected(self, id_: str, row: Row, problem: str) -> Rejected:
        """A row that names no image, under its own id or else under the table's name and line."""
        number = row.number
        detail = f"{self._format.unit} {number}: {problem}"
        return Rejected(id_ or f"{self._name}:{number}", f"{self.uri}:{number}", "bad-row", detail)

    def _is_new(self, offer: Reference, row: Row, seen: Seen) -> bool:
        place = location_uri(offer.location)
        values = repr(sorted(row.cells.items()))
        earlier = seen.earlier(offer.id, row.number, place, values)
        if earlier is None:
            return True
        unit = self._format.unit
        if not earlier.same_place:
            raise DuplicateIdError(
                f"{self._name!r}: {unit}s {earlier.number} and {row.number} have the same id "
                f"{offer.id!r} but name different files. Correct one, or choose another id column."
            )
        kind = skips.REPEATED_ROWS if earlier.same_values else skips.OTHER_VALUES
        self._skips.add(kind, f"{unit} {row.number}")
        return False
