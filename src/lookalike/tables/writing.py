"""Writes tables row by row: csv, tsv, jsonl (gzip too) and Parquet; there whole or not at all."""

from __future__ import annotations

import csv
import errno
import gzip
import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TextIO, TypeAlias, cast

from lookalike.errors import LookalikeError, MissingExtraError, StorageFullError, UsageError
from lookalike.sources.columns import Kind, as_text, convert
from lookalike.sources.table_formats import TABLE_SUFFIXES, table_format
from lookalike.types import Scalar, readable

Cells: TypeAlias = Mapping[str, Scalar]
WriteRow: TypeAlias = Callable[[Cells], None]
PARQUET_ROWS = 10_000


@contextmanager
def writing_table(path: Path, columns: Mapping[str, Kind | None]) -> Iterator[WriteRow]:
    """Gives a function that writes a row; its format is told by the name of the file.

    `columns` are named in order with their kinds. In text formats a cell is written as it is;
    jsonl and Parquet get values of the column's kind. The file takes its place when the block
    ends without an error. Raises `UsageError` for a name of no table, `MissingExtraError`,
    `StorageFullError`.
    """
    if table_format(str(path)) is None:
        raise UsageError(
            f"{readable(str(path))!r} is no table by its name ({', '.join(TABLE_SUFFIXES)})."
        )
    part = path.with_name(path.name + ".part")
    name = path.name.lower()
    with _as_storage(path), ExitStack() as stack:
        stack.callback(part.unlink, missing_ok=True)
        if name.endswith(".parquet"):
            inner = _parquet(part, columns)
        elif name.removesuffix(".gz").endswith((".jsonl", ".ndjson")):
            inner = _jsonl(part, columns, packed=name.endswith(".gz"))
        else:
            delimiter = "\t" if name.removesuffix(".gz").endswith(".tsv") else ","
            inner = _delimited(part, columns, delimiter, packed=name.endswith(".gz"))
        with inner as write:
            yield write
        part.replace(path)


@contextmanager
def _delimited(
    path: Path, columns: Mapping[str, Kind | None], delimiter: str, *, packed: bool
) -> Iterator[WriteRow]:
    names = list(columns)
    with _text(path, packed=packed) as file:
        rows = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        rows.writerow(names)
        yield lambda cells: rows.writerow([as_text(cells.get(name)) for name in names])


@contextmanager
def _jsonl(path: Path, columns: Mapping[str, Kind | None], *, packed: bool) -> Iterator[WriteRow]:
    with _text(path, packed=packed) as file:

        def write(cells: Cells) -> None:
            values = {name: convert(cells.get(name), kind) for name, kind in columns.items()}
            file.write(json.dumps(values, ensure_ascii=False) + "\n")

        yield write


@contextmanager
def _text(path: Path, *, packed: bool) -> Iterator[TextIO]:
    with ExitStack() as stack:
        raw = stack.enter_context(path.open("wb"))
        if packed:  # no name and no time in it: the same rows give the same bytes
            zipped = gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0)
            raw = stack.enter_context(cast("Any", zipped))
        yield stack.enter_context(io.TextIOWrapper(raw, encoding="utf-8", newline=""))


@contextmanager
def _parquet(path: Path, columns: Mapping[str, Kind | None]) -> Iterator[WriteRow]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError("Writing Parquet tables", "tables") from error
    types = {"bool": pa.bool_(), "int": pa.int64(), "float": pa.float64(), "text": pa.string()}
    schema = pa.schema([(column, types[kind or "text"]) for column, kind in columns.items()])
    held: list[dict[str, Scalar]] = []

    def write(cells: Cells) -> None:
        held.append({name: convert(cells.get(name), kind) for name, kind in columns.items()})
        if len(held) >= PARQUET_ROWS:
            flush()

    def flush() -> None:
        file.write_table(pa.Table.from_pylist(held, schema=schema))
        held.clear()

    with pq.ParquetWriter(path, schema) as file:
        yield write
        flush()


@contextmanager
def _as_storage(path: Path) -> Iterator[None]:
    """Turn the errors of writing into ours."""
    try:
        yield
    except OSError as error:
        shown = repr(readable(str(path)))
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFullError(f"No room left for {shown}. Free some and try again.") from error
        raise LookalikeError(f"{shown} cannot be written: {error.strerror or error}.") from error
