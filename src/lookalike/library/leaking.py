"""Leaks between the parts of a split: near-duplicate images that lie in two of them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from lookalike.embed.report import Report
from lookalike.errors import UsageError
from lookalike.library.library import Library
from lookalike.library.opening import open as open_library
from lookalike.sources.columns import Kind
from lookalike.sources.table_plan import TableOptions
from lookalike.tables.survey import OnStep
from lookalike.tables.writing import writing_table
from lookalike.types import Stop

COLUMNS: Mapping[str, Kind] = {
    "one": "text",
    "one_part": "text",
    "other": "text",
    "other_part": "text",
    "level": "text",
    "score": "float",
}


@dataclass(frozen=True, slots=True)
class Leak:
    """Two images that are near and lie in different parts; see `Edge` for level and score."""

    one: str
    one_part: str
    other: str
    other_part: str
    level: str
    score: float


@dataclass(frozen=True, slots=True)
class Leaks:
    """The pairs, and how many images of the split were looked at, out of how many."""

    pairs: list[Leak]
    compared: int
    images: int


def leaks_between(
    library: Library,
    sides: Mapping[str, str],
    level: str = "picture",
    *,
    on_step: OnStep = lambda *_: None,
    stop: Stop = lambda: False,
) -> Leaks:
    """The near-duplicates among images of a library that lie in different parts.

    `sides` gives the part of each id. Raises `UsageError` when the library has none of the ids,
    `UnknownNameError` for a level that there is not.
    """
    here = sum(id_ in sides for id_ in library.ids)
    if not here:
        raise UsageError(
            "The library has none of the ids of the table. Index the table with the same "
            "--id-column and paths, or leave --library out."
        )
    found = library.duplicates(level, across=sides, on_step=on_step, stop=stop)
    pairs = [
        Leak(
            group.images[one].id,
            sides[group.images[one].id],
            group.images[other].id,
            sides[group.images[other].id],
            edge.level,
            round(edge.score, 4),
        )
        for group in found.groups
        for (one, other), edge in sorted(group.edges.items())
    ]
    return Leaks(pairs, here, len(sides))


def leaks_of_images(
    table: str,
    options: TableOptions,
    sides: Mapping[str, str],
    level: str = "picture",
    *,
    on_step: OnStep = lambda *_: None,
    stop: Stop = lambda: False,
) -> Leaks:
    """The same for the images that a table names: they are indexed for this alone.

    Raises what `Library.add` raises.
    """

    def hear(report: Report) -> None:
        on_step("indexing", report.offered, report.total or 0)

    with (
        tempfile.TemporaryDirectory(prefix="lookalike-") as folder,
        open_library(folder) as library,
    ):
        library.add(
            table,
            path_column=options.path_column,
            path_template=options.path_template,
            url_column=options.url_column,
            id_column=options.id_column,
            on_progress=hear,
            stop=stop,
        )
        if stop():
            return Leaks([], 0, len(sides))
        return leaks_between(library, sides, level, on_step=on_step, stop=stop)


def write_leaks(leaks: Leaks, path: Path) -> None:
    """A table of the pairs."""
    with writing_table(path, COLUMNS) as write:
        for pair in leaks.pairs:
            write(asdict(pair))
