"""Writes vectors with their ids: npy, Parquet, csv, JSON, or clip-retrieval's folders."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np

from lookalike.errors import MissingExtraError, UsageError
from lookalike.share.vector_rows import OWN, VectorBlock, VectorRows
from lookalike.store.cache import replace_file
from lookalike.store.column import Value
from lookalike.types import Stored

FloatType = Literal["float16", "float32"]
OnDone = Callable[[int], None]
SUFFIXES = (".npy", ".parquet", ".csv", ".jsonl", ".ndjson", ".json")
VECTOR = "embedding"


def check_vectors_path(path: Path) -> None:
    """Refuse what cannot be written. Raises `UsageError`, `MissingExtraError`."""
    suffix = path.suffix.lower()
    if suffix and suffix not in SUFFIXES:
        raise UsageError(
            f"Vectors are written to {', '.join(SUFFIXES)} or a folder, not to {path.name!r}."
        )
    if not path.absolute().parent.is_dir():
        raise UsageError(f"There is no folder {str(path.parent)!r} to write {path.name!r} into.")
    if not suffix and path.is_dir() and any(path.iterdir()):
        raise UsageError(f"The folder {str(path)!r} is not empty. Name a new one.")
    if suffix in {".parquet", ""}:
        try:
            import pyarrow as _  # noqa: F401
        except ImportError as error:
            raise MissingExtraError("Writing Parquet", "tables") from error


def write_vectors(
    rows: VectorRows, path: Path, dtype: FloatType = "float32", on_done: OnDone = lambda _: None
) -> None:
    """Write vectors in the format that the name says, all of a file or nothing.

    `.npy`: (n, dim), and the ids beside it in `.ids.jsonl`, a JSON string a line. `.parquet`:
    `id`, `label`, `image_path`, the chosen columns, and `embedding`, a list of floats: what
    Embedding Atlas takes with `--vector embedding`, and autofaiss. `.csv`, `.jsonl` and `.json`
    (an array of objects): the same columns. A name without suffix is a folder as clip-retrieval
    has them: `img_emb/img_emb_0.npy` and `metadata/metadata_0.parquet`. Written a block at a
    time; `on_done` hears how many rows are. Raises `UsageError`, `MissingExtraError`, OSError.
    """
    check_vectors_path(path)
    if path.suffix.lower() == ".npy" and rows.columns:
        raise UsageError("A .npy has room for vectors and ids alone: columns go to a .parquet.")
    blocks = _counted(rows, on_done)
    match path.suffix.lower():
        case ".npy":
            _npy(rows, blocks, path, dtype)
        case ".parquet":
            replace_file(path, lambda file: _parquet(rows, blocks, file, dtype))
        case ".csv":
            replace_file(path, lambda file: _csv(rows, blocks, file))
        case ".jsonl" | ".ndjson":
            replace_file(path, lambda file: _json(rows, blocks, file, ("", "\n", "\n")))
        case ".json":
            replace_file(path, lambda file: _json(rows, blocks, file, ("[\n", ",\n", "\n]\n")))
        case _:
            _folder(rows, blocks, path, dtype)


def _counted(rows: VectorRows, on_done: OnDone) -> Iterator[VectorBlock]:
    done = 0
    for block in rows:
        yield block
        done += len(block.ids)
        on_done(done)


def _npy(rows: VectorRows, blocks: Iterator[VectorBlock], path: Path, dtype: FloatType) -> None:
    def both(ids: IO[bytes]) -> None:
        def vectors(file: IO[bytes]) -> None:
            _npy_header(file, rows, dtype)
            for block in blocks:
                file.write(block.vectors.astype(dtype).tobytes())
                ids.write("".join(json.dumps(id_) + "\n" for id_ in block.ids).encode())

        replace_file(path, vectors)

    replace_file(path.with_suffix(".ids.jsonl"), both)


def _npy_header(file: IO[bytes], rows: VectorRows, dtype: FloatType) -> None:
    header = {
        "descr": np.lib.format.dtype_to_descr(np.dtype(dtype)),
        "fortran_order": False,
        "shape": (len(rows), rows.dim),
    }
    np.lib.format.write_array_header_1_0(file, header)


def _folder(rows: VectorRows, blocks: Iterator[VectorBlock], path: Path, dtype: FloatType) -> None:
    for part in ("img_emb", "metadata"):
        (path / part).mkdir(parents=True, exist_ok=True)

    def both(table: IO[bytes]) -> None:
        def vectors(file: IO[bytes]) -> None:
            from pyarrow import parquet

            _npy_header(file, rows, dtype)
            with parquet.ParquetWriter(table, _schema(rows)) as writer:
                for block in blocks:
                    file.write(block.vectors.astype(dtype).tobytes())
                    writer.write_table(_table(rows, block, None))

        replace_file(path / "img_emb" / "img_emb_0.npy", vectors)

    replace_file(path / "metadata" / "metadata_0.parquet", both)


def _parquet(
    rows: VectorRows, blocks: Iterator[VectorBlock], file: IO[bytes], dtype: FloatType
) -> None:
    from pyarrow import parquet

    with parquet.ParquetWriter(file, _schema(rows, dtype)) as writer:
        for block in blocks:
            writer.write_table(_table(rows, block, dtype))


def _schema(rows: VectorRows, dtype: FloatType | None = None) -> Any:
    import pyarrow as pa

    types = {
        "bool": pa.bool_(),
        "int": pa.int64(),
        "float": pa.float64(),
        "list": pa.list_(pa.string()),
        "text": pa.string(),
    }
    fields = [(name, pa.string()) for name in OWN]
    fields += [(name, types[kind]) for name, kind in _more(rows).items()]
    if dtype is not None:
        fields.append((VECTOR, pa.list_(pa.from_numpy_dtype(np.dtype(dtype)))))
    return pa.schema(fields)


def _table(rows: VectorRows, block: VectorBlock, dtype: FloatType | None) -> Any:
    import pyarrow as pa

    schema = _schema(rows, dtype)
    columns: list[Any] = [block.ids, block.labels, block.paths, *_values(rows, block)]
    if dtype is not None:
        flat = pa.array(np.ascontiguousarray(block.vectors, dtype).reshape(-1))
        edges = pa.array(np.arange(len(block.ids) + 1, dtype=np.int32) * rows.dim)
        columns.append(pa.ListArray.from_arrays(edges, flat))
    arrays = [
        column if isinstance(column, pa.Array) else pa.array(column, field.type)
        for column, field in zip(columns, schema, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _csv(rows: VectorRows, blocks: Iterator[VectorBlock], file: IO[bytes]) -> None:
    text = TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text)
    writer.writerow([*OWN, *_more(rows), VECTOR])
    for block in blocks:
        for row in zip(*_cells(rows, block), map(_numbers, block.vectors), strict=True):
            writer.writerow([_cell(value) for value in row])
    text.flush()
    text.detach()


def _json(
    rows: VectorRows, blocks: Iterator[VectorBlock], file: IO[bytes], marks: tuple[str, str, str]
) -> None:
    begin, between, end = marks
    names = [json.dumps(name) for name in (*OWN, *_more(rows))]
    before = begin
    for block in blocks:
        for *values, vector in zip(*_cells(rows, block), block.vectors, strict=True):
            pairs = zip(names, map(json.dumps, values), strict=True)
            fields = ", ".join(f"{name}: {value}" for name, value in pairs)
            file.write(f'{before}{{{fields}, "{VECTOR}": {_numbers(vector)}}}'.encode())
            before = between
    if begin and before == begin:
        file.write(begin.encode())
    if begin or before == between:
        file.write(end.encode())


def _more(rows: VectorRows) -> dict[str, Any]:
    """The chosen columns that are not in every row anyway."""
    return {name: kind for name, kind in rows.columns.items() if name not in (*OWN, VECTOR)}


def _values(rows: VectorRows, block: VectorBlock) -> list[list[Value]]:
    more = _more(rows)
    pairs = zip(rows.columns, block.values, strict=True)
    return [values for name, values in pairs if name in more]


def _cells(rows: VectorRows, block: VectorBlock) -> list[Any]:
    return [block.ids, block.labels, block.paths, *_values(rows, block)]


def _cell(value: Value) -> object:
    return ", ".join(value) if isinstance(value, tuple) else value


def _numbers(vector: Stored) -> str:
    """A vector as JSON; six digits tell all float16 values apart."""
    return "[" + ", ".join([f"{value:.6g}" for value in vector.tolist()]) + "]"
