"""Writes a graph of nearest neighbours as Parquet, csv or npz, as it is computed."""

from __future__ import annotations

import csv
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, TypeAlias

import numpy as np

from lookalike.errors import MissingExtraError, UsageError
from lookalike.search.graph import NeighbourGraph, Neighbours
from lookalike.store.cache import replace_file

OnDone: TypeAlias = Callable[[int], None]
ROWS_AT_ONCE = 1024
COLUMNS = ("id", "rank", "neighbour", "similarity", "distance")


def write_graph(graph: NeighbourGraph, path: Path, on_done: OnDone = lambda _: None) -> None:
    """Write a graph in the format that the name of the file says, all of it or nothing.

    `.parquet`: a row an image, `id`, `label`, `uri` and `neighbors`, a struct of `ids` (the
    numbers of rows, from 0) and `distances`, which is what Embedding Atlas reads with
    `--neighbors neighbors`. `.csv`: a row a pair, as `COLUMNS`. `.npz`: `neighbours` int64,
    `similarities` and `distances` float32, each (n, k), with -1 and NaN where an image has
    fewer; the ids of the rows go beside it, to `.ids.jsonl`. `on_done` hears how many images
    are done. Raises `UsageError`, `MissingExtraError`, OSError.
    """
    check_graph_path(path)
    rows = _counted(graph, on_done)
    match path.suffix.lower():
        case ".parquet":
            replace_file(path, lambda file: _parquet(rows, file))
        case ".csv":
            replace_file(path, lambda file: _csv(rows, file))
        case _:
            _npz(graph, rows, path)


def check_graph_path(path: Path) -> None:
    """Refuse a file that cannot be written. Raises `UsageError`, `MissingExtraError`."""
    if path.suffix.lower() not in {".parquet", ".csv", ".npz"}:
        raise UsageError(f"A graph is written to .parquet, .csv or .npz, not to {path.name!r}.")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"There is no folder {str(path.parent)!r} to write {path.name!r} into.")
    if path.suffix.lower() == ".parquet":
        try:
            import pyarrow as _  # noqa: F401
        except ImportError as error:
            raise MissingExtraError("Writing Parquet", "tables") from error


def _counted(graph: NeighbourGraph, on_done: OnDone) -> Iterator[Neighbours]:
    for done, row in enumerate(graph, 1):
        yield row
        if done % ROWS_AT_ONCE == 0 or done == len(graph):
            on_done(done)


def _parquet(rows: Iterator[Neighbours], file: IO[bytes]) -> None:
    import pyarrow
    from pyarrow import parquet

    near = pyarrow.struct(
        [
            ("ids", pyarrow.list_(pyarrow.int64())),
            ("distances", pyarrow.list_(pyarrow.float32())),
        ]
    )
    text = pyarrow.string()
    schema = pyarrow.schema([("id", text), ("label", text), ("uri", text), ("neighbors", near)])
    with parquet.ParquetWriter(file, schema) as writer:
        while some := list(islice(rows, ROWS_AT_ONCE)):
            columns = {
                "id": [row.id for row in some],
                "label": [row.label for row in some],
                "uri": [_utf8(row.uri) for row in some],
                "neighbors": [{"ids": row.numbers, "distances": row.distances} for row in some],
            }
            writer.write_table(pyarrow.table(columns, schema))


def _csv(rows: Iterator[Neighbours], file: IO[bytes]) -> None:
    text = TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        pairs = zip(row.ids, row.similarities, row.distances, strict=True)
        for rank, (id_, similarity, distance) in enumerate(pairs, 1):
            writer.writerow((row.id, rank, id_, f"{similarity:.6f}", f"{distance:.6f}"))
    text.flush()
    text.detach()


def _npz(graph: NeighbourGraph, rows: Iterator[Neighbours], path: Path) -> None:
    shape = (len(graph), min(graph.k, max(len(graph) - 1, 0)))
    arrays = {"neighbours": (np.int64, -1), "similarities": (np.float32, np.nan)}
    arrays["distances"] = arrays["similarities"]
    with tempfile.TemporaryDirectory(dir=path.absolute().parent, prefix=".neighbours-") as place:
        open_ = np.lib.format.open_memmap
        parts = {
            name: open_(os.path.join(place, f"{name}.npy"), "w+", dtype, shape)  # noqa: PTH118
            for name, (dtype, _) in arrays.items()
        }
        ids = Path(place) / "ids.jsonl"
        with ids.open("w", encoding="utf-8") as lines:
            for row in rows:
                count = len(row.numbers)
                for name, values in (
                    ("neighbours", row.numbers),
                    ("similarities", row.similarities),
                    ("distances", row.distances),
                ):
                    parts[name][row.number, :count] = values
                    parts[name][row.number, count:] = arrays[name][1]
                lines.write(json.dumps(row.id) + "\n")

        def packed(file: IO[bytes]) -> None:
            with zipfile.ZipFile(file, "w") as archive:
                for name, part in parts.items():
                    part.flush()
                    archive.write(Path(place) / f"{name}.npy", f"{name}.npy")

        replace_file(path, packed)
        ids.replace(path.with_suffix(".ids.jsonl"))


def _utf8(text: str) -> str:
    """A path as valid Unicode."""
    return text.encode("utf-8", "backslashreplace").decode()
