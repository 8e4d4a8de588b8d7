"""The bytes of an image that lies in a cell of a Parquet file."""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from lookalike.errors import ImageRejectedError
from lookalike.types import ParquetCell


def read_cell(cell: ParquetCell) -> bytes:
    """Read the row group that holds a cell, or take it from the last one read.

    Raises `ImageRejectedError` (missing, unreadable), OSError, ValueError.
    """
    modified = Path(cell.path).stat().st_mtime_ns
    try:
        file = _opened(cell.path, modified)
    except ImportError as error:
        need = "needs an extra: pip install 'lookalike[tables]'"
        raise ImageRejectedError("unreadable", need) from error
    sizes = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
    for group, end in enumerate(accumulate(sizes)):
        if cell.row < end:
            cells = _cells(cell.path, modified, cell.column, group)
            data = cells[cell.row - end + sizes[group]].as_py()
            if data is None:
                break
            return bytes(data)
    raise ImageRejectedError("missing", f"no bytes in row {cell.row + 1}")


@lru_cache(maxsize=2)
def _opened(path: str, modified: int) -> Any:  # noqa: ARG001  part of the key
    from pyarrow import parquet

    return parquet.ParquetFile(path)


@lru_cache(maxsize=1)
def _cells(path: str, modified: int, column: str, group: int) -> Any:
    table = _opened(path, modified).read_row_group(group, columns=[column])
    cells = table.column(0).combine_chunks()
    _, _, leaf = column.partition(".")
    return cells.field(leaf) if leaf else cells
