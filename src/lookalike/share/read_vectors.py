"""Reads ids and vectors from npy, Parquet, csv, JSON or clip-retrieval's folders, by blocks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

import numpy as np

from lookalike.errors import SourceError, UsageError
from lookalike.share.vector_tables import (
    BLOCK_ROWS,
    Block,
    from_csv,
    from_json,
    from_parquet,
    parquet_ids,
)
from lookalike.types import Stored

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
    for each value instead; a `.json` is an array of objects and read at once. A folder is one
    of clip-retrieval: each `img_emb/*.npy` with the ids of its `metadata/*.parquet`. Raises
    `SourceError`, `UsageError`, `MissingExtraError`.
    """
    if path.is_dir():
        return _folder(path, id_column)
    if not path.is_file():
        raise SourceError(f"There is no file {str(path)!r}.")
    match path.suffix.lower():
        case ".npy":
            return _npy(path, ids)
        case ".parquet":
            return from_parquet(path, id_column, vector_column)
        case ".csv":
            return from_csv(path, id_column, vector_column)
        case ".jsonl" | ".ndjson" | ".json":
            return from_json(path, id_column, vector_column)
    raise UsageError(
        f"{path.name}: vectors are read from .npy, .parquet, .csv, .jsonl and .json files, and "
        "from folders of clip-retrieval."
    )


def _npy(path: Path, ids: Path | None) -> Iterator[Block]:
    matrix = _open_matrix(path)
    names = _ids(ids or _ids_beside(path))
    return _paired(path, matrix, names)


def _folder(path: Path, id_column: str | None) -> Iterator[Block]:
    matrices = _by_number((path / "img_emb").glob("*.npy"))
    tables = _by_number((path / "metadata").glob("*.parquet"))
    if not matrices or matrices.keys() != tables.keys():
        raise SourceError(
            f"{path} is no folder of clip-retrieval: for each img_emb/img_emb_N.npy there has to "
            "be a metadata/metadata_N.parquet."
        )
    for number, matrix in matrices.items():
        names = list(parquet_ids(tables[number], id_column))
        yield from _paired(matrix, _open_matrix(matrix), names)


def _by_number(paths: Iterable[Path]) -> dict[int, Path]:
    """Files by the number that ends their names, rising; those without one are left out."""
    found = {int(path.stem.rpartition("_")[2]): path for path in paths if _ends_in_number(path)}
    return dict(sorted(found.items()))


def _ends_in_number(path: Path) -> bool:
    number = path.stem.rpartition("_")[2]
    return number.isascii() and number.isdigit()


def _open_matrix(path: Path) -> Stored:
    try:
        matrix = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise SourceError(f"{path} is no plain array of numbers: {error}") from error
    if matrix.ndim != 2 or matrix.dtype.kind not in "fiu":
        raise SourceError(f"{path} holds {matrix.dtype} {matrix.shape}; (n, dim) numbers wanted.")
    return cast("Stored", matrix)


def _paired(path: Path, matrix: Stored, names: list[str]) -> Iterator[Block]:
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
