"""Reads judgements that people made elsewhere: a table of them, or TREC qrels."""

from __future__ import annotations

import os
from collections.abc import Iterator
from math import isfinite
from pathlib import Path

from lookalike.errors import SourceError
from lookalike.sources.table_formats import table_format
from lookalike.store.records import Verdict
from lookalike.types import Scalar

WORDS = {"yes": 1.0, "no": 0.0, "y": 1.0, "n": 0.0, "true": 1.0, "false": 0.0}


def read_judgements(path: str | os.PathLike[str]) -> Iterator[Verdict]:
    """The judgements of a csv, tsv, jsonl or Parquet table, or of a TREC qrels file.

    A table has columns `query`, `image` and `verdict` (a number, yes or no; an empty cell is
    no verdict); qrels have lines of `query 0 image verdict`. Raises `SourceError` naming the
    line.
    """
    name = os.fspath(path)
    form = table_format(name)
    if form is None:
        yield from _qrels(Path(name))
        return
    for row in form.rows(name):
        where = f"{name}, {form.unit} {row.number}"
        if row.problem:
            raise SourceError(f"{where}: {row.problem}.")
        missing = {"query", "image", "verdict"} - set(row.cells)
        if missing:
            raise SourceError(
                f"{name} has no column {' nor '.join(sorted(missing))}: judgements have columns "
                "query, image and verdict."
            )
        cells = row.cells
        if cells["verdict"] in (None, ""):
            continue
        yield Verdict(
            str(cells["query"]).removeprefix("id:"),
            str(cells["image"]).removeprefix("id:"),
            verdict_of(cells["verdict"], where),
        )


def verdict_of(cell: Scalar, where: str = "The verdict") -> float:
    """A verdict as a number: yes is 1, no is 0. Raises `SourceError`."""
    word = WORDS.get(str(cell).strip().lower())
    return _number(cell, where) if word is None else word


def _qrels(path: Path) -> Iterator[Verdict]:
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                where = f"{path}, line {number}"
                parts = line.split()
                if not parts:
                    continue
                if len(parts) != 4:
                    raise SourceError(
                        f"{where}: {len(parts)} words. A line of qrels is `query 0 image verdict`; "
                        "a table of judgements ends in .csv, .tsv, .jsonl or .parquet."
                    )
                yield Verdict(parts[0], parts[2], _number(parts[3], where))
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is not text in UTF-8, so it is no file of qrels.") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from error


def _number(cell: Scalar, where: str) -> float:
    try:
        number = float(str(cell))
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise SourceError(f"{where}: {cell!r} is no verdict; write a number, yes or no.")
    return number
