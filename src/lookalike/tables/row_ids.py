"""The ids that `index` gives to the images of a table's rows, without looking at any image."""

from __future__ import annotations

from collections.abc import Sequence

from lookalike.errors import ImageRejectedError
from lookalike.sources.columns import as_text
from lookalike.sources.rows import Row
from lookalike.sources.table_plan import RowPlan, TableOptions, make_plan
from lookalike.tables.survey import Table, known_column
from lookalike.types import readable


class RowIds:
    """Gives the id of a row; raises `ImageRejectedError` where it names no image.

    `column` is the one that holds the ids; None where they are made of a path or a URL.
    """

    def __init__(self, table: Table, options: TableOptions, columns: Sequence[str]) -> None:
        self._plan: RowPlan | None = None
        self.column = options.id_column
        elsewhere = options.path_column or options.path_template or options.url_column
        if self.column and not elsewhere:
            known_column(self.column, columns, table.name)
        else:
            kinds = dict.fromkeys(columns)
            self._plan = make_plan(options, kinds, table.path, table.format.unread(table.path))

    def __call__(self, row: Row) -> str:
        """The id of the image that a row names."""
        if row.problem:
            raise ImageRejectedError("bad-row", row.problem)
        if self._plan is not None:
            return self._plan.reference(row.cells).id
        id_ = readable(as_text(row.cells.get(self.column or "")))
        if not id_:
            raise ImageRejectedError("bad-row", "no id")
        return id_
