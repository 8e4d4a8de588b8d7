"""Reads ids and vectors from a .npy with its ids, a Parquet or a csv, a block at a time."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from lookalike.errors import MissingExtraError, SourceError, UsageError
from lookalike.types import Floats

Block: TypeAlias = tuple[list[str], Floats]
BLOCK_ROWS = 1024
ID_COLUMNS = ("id", "key", "image_path", "image", "path", "name")
VECTOR_COLUMNS = ("vector", "embedding", "embeddings", "emb")
IDS_SUFFIXES = (".ids.jsonl", ".ids.txt", "_ids.txt")


def read_vectors(
    path: Path,
    *,
    ids: Path | None = None,
    id_column: str | None = None,
    vector_column: str | None = None,
) -> Iterator[Block]:
    """Ids and float32 vectors (m, dim), in the order of the file.

    A `.npy` (n, dim) takes its ids from `ids`: a line each, or JSON strings in a `.jsonl`;
    without it from NAME.ids.jsonl, NAME.ids.txt or NAME_ids.txt beside it. A table has one
    column of ids and one of vectors (lists, or numbers in one cell); a csv may have a column
    for each value instead. Raises `SourceError`, `UsageError`, `MissingExtraError`.
    """
    if not path.is_file():
        raise SourceError(f"There is no file {str(path)!r}.")
    match path.suffix.lower():
        case ".npy":
            return _npy(path, ids)
        case ".parquet":
            return _parquet(path, id_column, vector_column)
        case ".csv":
            return _csv(path, id_column, vector_column)
    raise UsageError(f"{path.name}: vectors are read from .npy, .parquet and .csv files.")


def _npy(path: Path, ids: Path | None) -> Iterator[Block]:
    try:
        matrix = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise SourceError(f"{path} is no plain array of numbers: {error}") from error
    if matrix.ndim != 2 or matrix.dtype.kind not in "fiu":
        raise SourceError(f"{path} holds {matrix.dtype} {matrix.shape}; (n, dim) numbers wanted.")
    names = _ids(ids or _ids_beside(path))
    if len(names) != len(matrix):
        raise SourceError(f"{path} has {len(matrix):,} vectors, but there are {len(names):,} ids.")
    for start in range(0, len(matrix), BLOCK_ROWS):
        block = matrix[start : start + BLOCK_ROWS].astype(np.float32)
        yield names[start : start + BLOCK_ROWS], block


def _ids_beside(path: Path) -> Path:
    for suffix in IDS_SUFFIXES:
        beside = path.with_name(path.stem + suffix)
        if beside.is_file():
            return beside
    raise UsageError(f"Which ids? Name their file with --ids (or have {path.stem}.ids.txt beside).")


def _ids(path: Path) -> list[str]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"The ids {path} cannot be read: {error}") from error
    if path.suffix != ".jsonl":
        return lines
    try:
        return [str(json.loads(line)) for line in lines]
    except ValueError as error:
        raise SourceError(f"The ids {path} are not one JSON string a line: {error}") from error


def _parquet(path: Path, id_column: str | None, vector_column: str | None) -> Iterator[Block]:
    try:
        from pyarrow import ArrowInvalid, parquet
    except ImportError as error:
        raise MissingExtraError("Reading Parquet", "tables") from error
    try:
        file = parquet.ParquetFile(path)
    except (ArrowInvalid, OSError) as error:
        raise SourceError(f"{path} is no Parquet file: {error}") from error
    with file:
        columns = file.schema_arrow.names
        id_name = _column(columns, id_column, ID_COLUMNS, "ids", "--id-column")
        name = _column(columns, vector_column, VECTOR_COLUMNS, "vectors", "--vector-column")
        for batch in file.iter_batches(BLOCK_ROWS, columns=[id_name, name]):
            rows = batch.column(name).to_pylist()
            yield [str(id_) for id_ in batch.column(id_name).to_pylist()], _stacked(rows, path)


def _csv(path: Path, id_column: str | None, vector_column: str | None) -> Iterator[Block]:
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


def _stacked(rows: Sequence[Any], path: Path) -> Floats:
    try:
        return np.array(rows, dtype=np.float32).reshape(len(rows), -1)
    except (ValueError, TypeError) as error:
        raise SourceError(f"{path} has vectors of different lengths, or not numbers.") from error
