"""The rows of a Parquet table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from lookalike.errors import MissingExtraError, SourceError
from lookalike.sources.columns import plain
from lookalike.sources.rows import Row
from lookalike.types import Scalar, readable

BATCH_ROWS = 1024


def parquet_rows(path: str) -> Iterator[Row]:
    """Rows with their types, numbered from 1: dates as ISO text, decimals as floats.

    Columns of bytes, lists and structures are not read. Raises `SourceError`, or
    `MissingExtraError` without pyarrow.
    """
    with open_parquet(path) as (pa, file):
        schema = file.schema_arrow
        columns = [field.name for field in schema if is_scalar(pa, field.type)]
        number = 0
        for batch in file.iter_batches(BATCH_ROWS, columns=columns):
            for cells in batch.cast(microseconds(pa, batch.schema), safe=False).to_pylist():
                number += 1
                yield Row(number, {name: scalar(cell) for name, cell in cells.items()})


def unread_columns(path: str) -> list[str]:
    """The columns of bytes, lists and structures. Raises as `parquet_rows`."""
    with open_parquet(path) as (pa, file):
        return [field.name for field in file.schema_arrow if not is_scalar(pa, field.type)]


@contextmanager
def open_parquet(path: str) -> Iterator[tuple[Any, Any]]:
    """The `pyarrow` module and the open file; its errors become `SourceError`."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError("Reading Parquet tables", "tables") from error
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            if len(set(names)) < len(names):
                raise pa.ArrowInvalid("two columns have one name")
            yield pa, file
    except (OSError, ValueError, OverflowError, pa.ArrowException) as error:
        raise SourceError(f"{readable(path)!r} cannot be read as Parquet: {error}.") from error


def is_scalar(pa: Any, type_: Any) -> bool:
    """Whether cells of a type are plain values."""
    types = pa.types
    if types.is_dictionary(type_):
        return is_scalar(pa, type_.value_type)
    return bool(
        types.is_boolean(type_)
        or types.is_integer(type_)
        or types.is_floating(type_)
        or types.is_decimal(type_)
        or types.is_temporal(type_)
        or types.is_string(type_)
        or types.is_large_string(type_)
        or types.is_null(type_)
    )


def microseconds(pa: Any, schema: Any) -> Any:
    """The schema with nanoseconds, for which Python has no type, cut to microseconds."""
    return pa.schema(
        [
            field.with_type(pa.timestamp("us", field.type.tz))
            if pa.types.is_timestamp(field.type)
            else field.with_type(pa.time64("us"))
            if pa.types.is_time64(field.type)
            else field
            for field in schema
        ]
    )


def scalar(cell: Any) -> Scalar:
    """A cell as a plain value."""
    match cell:
        case datetime() | date() | time():
            return cell.isoformat()
        case Decimal():
            return plain(float(cell))
        case str() | int() | float() | None:
            return plain(cell)
        case _:
            return str(cell)
