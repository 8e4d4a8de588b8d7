"""Splits a table into train, valid and test: groups whole, labels in proportion, ids beside."""

from __future__ import annotations

import os
import time
from array import array
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import ImageRejectedError, LookalikeError, SourceError, UsageError, some_of
from lookalike.sources.columns import ColumnKinds, Kind, as_text
from lookalike.sources.rows import Row
from lookalike.sources.seen import Seen
from lookalike.tables.assign import Parts, assign_rows
from lookalike.tables.labels import MOST
from lookalike.tables.places import split_output
from lookalike.tables.row_ids import RowIds
from lookalike.tables.splits import Part, Split, Splitting
from lookalike.tables.survey import (
    InterruptedSurvey,
    OnStep,
    Table,
    first_columns,
    known_column,
    open_table,
    told_rows,
)
from lookalike.tables.writing import WriteRow, writing_table
from lookalike.types import Scalar, Stop

OFF = 0.02
"""A part whose share is off by more than this is spoken of."""
LEFT_OUT = 255


def split_table(
    table: str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    how: Splitting | None = None,
    *,
    sides: bool = False,
    on_step: OnStep = lambda *_: None,
    stop: Stop = lambda: False,
) -> Split | None:
    """Write a table for each part into the folder `out`, by default that of the table.

    Each row has all its columns and, as `id`, what `index` calls its image. The table is read
    twice; about 100 bytes a row are held. With `sides` the part of each id is given back.
    None when `stop` turned true. Raises `SourceError`, `UsageError`, `MissingExtraError`,
    `StorageFullError`.
    """
    opened, chosen = open_table(os.fspath(table)), how or Splitting()
    folder = Path(opened.path).parent if out is None else Path(out)
    began = time.monotonic()
    report = Split(opened.path, chosen.seed)
    try:
        read = _read(opened, chosen, on_step, stop)
        numbers = _assigned(read, chosen, report, opened.name)
        _write(opened, read, chosen, numbers, folder, report, on_step, stop, sides=sides)
    except InterruptedSurvey:
        return None
    report.seconds = time.monotonic() - began
    return report


@dataclass(slots=True)
class _Read:
    """What is held of all rows: their labels as numbers, and hashes of groups and ids."""

    id_of: RowIds
    kinds: dict[str, Kind | None]
    names: dict[str, int]
    labels: array[int]
    groups: array[int]
    ranks: array[int]
    used: bytearray
    lone: int = 0


def _read(table: Table, how: Splitting, on_step: OnStep, stop: Stop) -> _Read:
    columns = first_columns(table)
    for name in filter(None, (how.stratify, how.group)):
        known_column(name, columns, table.name)
    kinds = ColumnKinds(typed=table.format.typed)
    ids = RowIds(table, how.options, columns)
    read = _Read(ids, kinds.kinds, {}, array("i"), array("Q"), array("Q"), bytearray())
    with closing(Seen()) as seen:
        for row in told_rows(table, "reading", on_step, stop):
            kinds.observe(row.cells)
            id_ = _new_id(ids, row, seen)
            read.used.append(id_ is not None)
            if id_ is not None:
                _take(read, row.cells, id_, how)
    return read


def _new_id(ids: RowIds, row: Row, seen: Seen) -> str | None:
    try:
        id_ = ids(row)
    except ImageRejectedError:
        return None
    return id_ if seen.earlier(id_, row.number, "") is None else None


def _take(read: _Read, cells: Mapping[str, Scalar], id_: str, how: Splitting) -> None:
    label = as_text(cells.get(how.stratify)) if how.stratify else ""
    group = as_text(cells.get(how.group)) if how.group else ""
    read.labels.append(read.names.setdefault(label, len(read.names)))
    if len(read.names) > MOST:
        raise UsageError(
            f"Column {how.stratify!r} has more than {MOST:,} different values: it cannot be in "
            "each part in proportion. Name one of labels."
        )
    read.lone += not group
    read.groups.append(_hash(how.seed, f"group\0{group}" if group else f"row\0{id_}"))
    read.ranks.append(_hash(how.seed, id_))


def _assigned(read: _Read, how: Splitting, report: Split, name: str) -> NDArray[np.uint8]:
    """The part of each row of the table, 255 for those left out; notes what is not as wished."""
    shares = how.shares
    labels = _in_order(read)
    groups = np.frombuffer(read.groups, np.uint64)
    if not len(labels):
        raise UsageError(f"No row of {name!r} names an image: there is nothing to split.")
    sizes = np.unique(groups, return_counts=True)[1]
    if len(sizes) < len(shares):
        raise UsageError(
            f"{name!r} has {len(sizes)} group{'s' if len(sizes) > 1 else ''} to put into "
            f"{len(shares)} parts: {'all rows agree in' if how.group else 'too few rows;'} "
            f"{repr(how.group) if how.group else 'take a longer table'}."
        )
    ranks = np.frombuffer(read.ranks, np.uint64)
    parts = assign_rows(labels, groups, ranks, list(shares.values()))
    counts = np.bincount(parts, minlength=len(shares))
    for number, (part, share) in enumerate(shares.items()):
        if not counts[number]:
            raise UsageError(
                f"Nothing is left for {part}: the largest group has {sizes.max():,} of "
                f"{len(labels):,} rows. Choose other shares, or another --group."
            )
        if abs(counts[number] / len(labels) - share) > OFF:
            report.notes.append(
                f"{part} has {100 * counts[number] / len(labels):.1f} % of the rows, not "
                f"{100 * share:g} %: groups stay whole, and the largest has {sizes.max():,} rows."
            )
    _note_labels(read, how, labels, parts, list(shares), report)
    report.rows, report.left_out = len(read.used), len(read.used) - len(labels)
    report.groups = int((sizes > 1).sum())
    if how.group and read.lone:
        report.notes.append(f"{read.lone:,} rows have no {how.group!r} and stand alone.")
    if report.left_out:
        report.notes.append(
            f"{report.left_out:,} rows name no image or repeat an id, and are in no part."
        )
    whole = np.full(len(read.used), LEFT_OUT, np.uint8)
    whole[np.frombuffer(read.used, np.uint8).astype(bool)] = parts
    return whole


def _in_order(read: _Read) -> NDArray[np.int32]:
    """The labels of the rows, numbered as they sort: not as they came."""
    by_name = {name: number for number, name in enumerate(sorted(read.names))}
    new = np.fromiter((by_name[name] for name in read.names), np.int32, len(read.names))
    read.names = by_name
    return new[np.frombuffer(read.labels, np.int32)]


def _note_labels(
    read: _Read,
    how: Splitting,
    labels: NDArray[np.int32],
    parts: Parts,
    names: Sequence[str],
    report: Split,
) -> None:
    if how.stratify is None:
        return
    counts = np.zeros((len(names), len(read.names)), np.int64)
    np.add.at(counts, (parts, labels), 1)
    absent = [label for label, number in read.names.items() if not counts[:, number].all()]
    if "" in read.names:
        number = read.names[""]
        report.notes.append(
            f"{counts[:, number].sum():,} rows have no {how.stratify!r}: they are spread as a "
            "label of their own."
        )
    if absent:
        shown = some_of([*map(repr, absent)], 10)
        report.notes.append(f"Not in every part, for want of rows or groups: {shown}.")
    for place, name in enumerate(names):
        rows = {label: int(counts[place, number]) for label, number in read.names.items()}
        report.parts[name] = Part("", 0, {label: n for label, n in rows.items() if n})


def _write(
    table: Table,
    read: _Read,
    how: Splitting,
    numbers: NDArray[np.uint8],
    folder: Path,
    report: Split,
    on_step: OnStep,
    stop: Stop,
    *,
    sides: bool,
) -> None:
    names = list(how.shares)
    places = [split_output(folder, table.path, name) for name in names]
    column = _id_column(read)
    columns: dict[str, Kind | None] = {column: "text", **read.kinds}
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LookalikeError(f"{str(folder)!r} cannot be made: {error.strerror}.") from error
    with ExitStack() as stack:
        writers: list[WriteRow] = [
            stack.enter_context(writing_table(place, columns)) for place in places
        ]
        done = 0
        for done, row in enumerate(told_rows(table, "writing", on_step, stop, len(numbers)), 1):
            number = int(numbers[done - 1]) if done <= len(numbers) else LEFT_OUT
            if number != LEFT_OUT:
                id_ = read.id_of(row)
                writers[number]({**row.cells, column: id_})
                if sides:
                    report.sides[id_] = names[number]
        if done != len(numbers):
            raise SourceError(f"{table.name!r} changed while it was read. Try again.")
    counts = np.bincount(numbers, minlength=len(names))
    for number, (name, place) in enumerate(zip(names, places, strict=True)):
        labels = report.parts[name].labels if name in report.parts else {}
        report.parts[name] = Part(str(place), int(counts[number]), labels)


def _id_column(read: _Read) -> str:
    """Where the id stands: in its own column, or a new one in front."""
    if read.id_of.column:
        return read.id_of.column
    return next(name for name in ("id", "image_id", "lookalike_id") if name not in read.kinds)


def _hash(seed: int, text: str) -> int:
    data = f"{seed}\0{text}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little")
