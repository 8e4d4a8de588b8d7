"""Ids and vectors of tables: Parquet, csv and JSON, a block of rows at a time."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from lookalike.errors import MissingExtraError, SourceError, UsageError
from lookalike.types import Floats

Block: TypeAlias = tuple[list[str], Floats]
BLOCK_ROWS = 1024
ID_COLUMNS = ("id", "key", "image_path", "image", "path", "name")
VECTOR_COLUMNS = ("vector", "embedding", "embeddings", "emb")


def from_parquet(path: Path, id_column: str | None, vector_column: str | None) -> Iterator[Block]:
    """Blocks of a Parquet table. Raises as `read_vectors`."""
    with _open_parquet(path) as file:
        columns = file.schema_arrow.names
        id_name = _column(columns, id_column, ID_COLUMNS, "ids", "--id-column")
        name = _column(columns, vector_column, VECTOR_COLUMNS, "vectors", "--vector-column")
        for batch in file.iter_batches(BLOCK_ROWS, columns=[id_name, name]):
            ids = [str(id_) for id_ in batch.column(id_name).to_pylist()]
            yield ids, _from_arrow(batch.column(name), path)


def parquet_ids(path: Path, id_column: str | None) -> Iterator[str]:
    """The ids alone of a Parquet table."""
    with _open_parquet(path) as file:
        name = _column(file.schema_arrow.names, id_column, ID_COLUMNS, "ids", "--id-column")
        for batch in file.iter_batches(BLOCK_ROWS, columns=[name]):
            yield from map(str, batch.column(name).to_pylist())


@contextmanager
def _open_parquet(path: Path) -> Iterator[Any]:
    try:
        from pyarrow import ArrowInvalid, parquet
    except ImportError as error:
        raise MissingExtraError("Reading Parquet", "tables") from error
    try:
        with parquet.ParquetFile(path) as file:
            yield file
    except (ArrowInvalid, OSError) as error:
        raise SourceError(f"{path} is no Parquet file: {error}") from error


def _from_arrow(column: Any, path: Path) -> Floats:
    """A column of lists of numbers, or of numbers in text, as one array."""
    from pyarrow import compute, types

    if not (types.is_list(column.type) or types.is_large_list(column.type)
            or types.is_fixed_size_list(column.type)):  # fmt: skip
        return _stacked([_numbers(str(cell)) for cell in column.to_pylist()], path)
    lengths = compute.unique(compute.list_value_length(column)).to_pylist()
    values = column.flatten()
    if column.null_count or values.null_count or len(lengths) != 1:
        raise SourceError(f"{path} has vectors of different lengths, or rows without one.")
    return _stacked(values.to_numpy(zero_copy_only=False), path, len(column))


def from_csv(path: Path, id_column: str | None, vector_column: str | None) -> Iterator[Block]:
    """Blocks of a csv. Raises as `read_vectors`."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        columns = list(reader.fieldnames or [])
        id_name = _column(columns, id_column, ID_COLUMNS, "ids", "--id-column")
        one_cell = vector_column is not None or any(name in columns for name in VECTOR_COLUMNS)
        name = (
            _column(columns, vector_column, VECTOR_COLUMNS, "vectors", "--vector-column")
            if one_cell
            else None
        )
        values = [column for column in columns if column != id_name]
        names: list[str] = []
        rows: list[Sequence[Any]] = []
        for row in reader:
            names.append(row[id_name])
            rows.append(_numbers(row[name]) if name else [row[column] for column in values])
            if len(rows) == BLOCK_ROWS:
                yield names, _stacked(rows, path)
                names, rows = [], []
        if rows:
            yield names, _stacked(rows, path)


def from_json(path: Path, id_column: str | None, vector_column: str | None) -> Iterator[Block]:
    """Blocks of JSON Lines, or of a `.json` with an array. Raises as `read_vectors`."""
    rows = _objects(path)
    first = next(rows, None)
    if first is None:
        return
    id_name = _column(list(first), id_column, ID_COLUMNS, "ids", "--id-column")
    name = _column(list(first), vector_column, VECTOR_COLUMNS, "vectors", "--vector-column")
    rows = chain([first], rows)
    while some := list(islice(rows, BLOCK_ROWS)):
        try:
            yield (
                [str(row[id_name]) for row in some],
                _stacked([row[name] for row in some], path),
            )
        except KeyError as error:
            raise SourceError(f"{path} has a row without {error.args[0]!r}.") from error


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8-sig") as file:
        try:
            rows = json.load(file) if path.suffix.lower() == ".json" else map(json.loads, file)
            for row in rows:
                if not isinstance(row, dict):
                    raise SourceError(f"{path} has {type(row).__name__} where an object belongs.")
                yield row
        except (ValueError, RecursionError, TypeError) as error:
            raise SourceError(f"{path} is not JSON: {error}") from error


def _numbers(cell: str) -> list[str]:
    return cell.strip().strip("[]()").replace(",", " ").split()


def _column(
    columns: Sequence[str], chosen: str | None, usual: Sequence[str], what: str, option: str
) -> str:
    if chosen is not None and chosen not in columns:
        raise SourceError(f"There is no column {chosen!r}; there are {', '.join(columns)}.")
    found = [name for name in ([chosen] if chosen else usual) if name in columns]
    if not found:
        raise UsageError(f"Which column holds the {what}? Name it with {option}: {columns}.")
    return found[0]


def _stacked(rows: Any, path: Path, count: int | None = None) -> Floats:
    try:
        return np.array(rows, dtype=np.float32).reshape(len(rows) if count is None else count, -1)
    except (ValueError, TypeError) as error:
        raise SourceError(f"{path} has vectors of different lengths, or not numbers.") from error
