"""Which table a file is, by its name, and who reads its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

from lookalike.sources.delimited import delimited_rows
from lookalike.sources.jsonl import jsonl_rows
from lookalike.sources.parquet import parquet_rows, unread_columns
from lookalike.sources.rows import Row

TABLE_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")


@dataclass(frozen=True, slots=True)
class TableFormat:
    """How a table is read.

    `rows(path)` may be called again and then starts over. `typed` is true when cells come
    with their types, false when all are text. `unit` is what a row's number counts.
    `unread(path)` names the columns that cannot be read as plain values.
    """

    rows: Callable[[str], Iterator[Row]]
    typed: bool
    unit: Literal["line", "row"]
    unread: Callable[[str], list[str]] = lambda _path: []


CSV = TableFormat(partial(delimited_rows, delimiter=","), typed=False, unit="line")
TSV = TableFormat(partial(delimited_rows, delimiter="\t"), typed=False, unit="line")
JSONL = TableFormat(jsonl_rows, typed=True, unit="line")
PARQUET = TableFormat(parquet_rows, typed=True, unit="row", unread=unread_columns)

FORMATS = {".csv": CSV, ".tsv": TSV, ".jsonl": JSONL, ".ndjson": JSONL}


def table_format(path: str) -> TableFormat | None:
    """The format that the name of the file promises; None when it is not that of a table."""
    name = path.lower()
    if name.endswith(".parquet"):
        return PARQUET
    _, dot, suffix = name.removesuffix(".gz").rpartition(".")
    return FORMATS.get(dot + suffix)
