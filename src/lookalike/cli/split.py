"""`lookalike split`: train, valid and test tables, groups whole, labels in proportion."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli.interrupt import stop_on_interrupt
from lookalike.cli.options import JsonOption
from lookalike.cli.output import count, print_json, print_table, say
from lookalike.cli.progress import steps_bar
from lookalike.cli.table_options import (
    IdColumnOption,
    PathColumnOption,
    PathTemplateOption,
    UrlColumnOption,
)
from lookalike.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lookalike.library.leaking import Leaks
    from lookalike.tables.splits import Split, Splitting
    from lookalike.types import Stop

SHOWN = 10


def split(
    table: Annotated[str, typer.Argument(help="A csv, tsv, jsonl or Parquet table of images.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The folder of the parts. Default: that of the table."),
    ] = None,
    train: Annotated[float, typer.Option(help="The share of rows to train on.")] = 0.8,
    valid: Annotated[
        float, typer.Option(help="The share for validation; what both leave is for test.")
    ] = 0.0,
    stratify: Annotated[
        str | None, typer.Option(help="Each value of this column is in all parts in proportion.")
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="Rows that agree in this column stay in one part.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another one gives other parts.")] = 0,
    path_column: PathColumnOption = None,
    path_template: PathTemplateOption = None,
    url_column: UrlColumnOption = None,
    id_column: IdColumnOption = None,
    library: Annotated[
        Path | None,
        typer.Option("--library", "-L", help="Look here for near-duplicates across the parts."),
    ] = None,
    check_images: Annotated[
        bool,
        typer.Option("--check-images", help="Index the images, to look for near-duplicates."),
    ] = False,
    level: Annotated[
        str, typer.Option(help="What counts as a leak: bytes, pixels, picture or scene.")
    ] = "picture",
    json: JsonOption = False,
) -> None:
    """Split TABLE into NAME.train.csv, NAME.valid.csv and NAME.test.csv, with all columns and ids.

    The same seed gives the same parts, in whatever order the rows come. With --library or
    --check-images, near-duplicates that lie in two parts are written to NAME.leaks.csv.
    """
    from lookalike.sources.table_plan import TableOptions
    from lookalike.tables.split import split_table
    from lookalike.tables.splits import Splitting

    if library is not None and check_images:
        raise UsageError("Give --library or --check-images, not both.")
    how = Splitting(
        train,
        valid,
        stratify,
        group,
        seed,
        TableOptions(path_column, path_template, url_column, id_column),
    )
    looked = library is not None or check_images
    with stop_on_interrupt() as stop, steps_bar() as advance:
        found = split_table(table, out, how, sides=looked, on_step=advance, stop=stop)
        if found is None:
            say("Interrupted. Nothing was written.")
            raise typer.Exit(130)
        leaks = _leaks(found, how, library, level, advance, stop) if looked else None
        if stop():
            say("Interrupted while looking for leaks; the parts are written.")
            raise typer.Exit(130)
    written = _written(leaks, found, out) if leaks is not None else None
    _print(found, leaks, written, json=json)


def _leaks(
    found: Split,
    how: Splitting,
    library: Path | None,
    level: str,
    advance: Callable[[str, int, int], None],
    stop: Stop,
) -> Leaks:
    import lookalike
    from lookalike.library.leaking import leaks_between, leaks_of_images

    if library is None:
        return leaks_of_images(
            found.table, how.options, found.sides, level, on_step=advance, stop=stop
        )
    with lookalike.open(library, create=False) as opened:
        return leaks_between(opened, found.sides, level, on_step=advance, stop=stop)


def _written(leaks: Leaks, found: Split, out: Path | None) -> Path:
    from lookalike.library.leaking import write_leaks
    from lookalike.tables.places import beside

    place = beside(found.table, "leaks", ".csv")
    path = place if out is None else out / place.name
    write_leaks(leaks, path)
    return path


def _print(found: Split, leaks: Leaks | None, written: Path | None, *, json: bool) -> None:
    if json:
        told = None if leaks is None else [asdict(pair) for pair in leaks.pairs]
        print_json(found.as_dict() | {"leaks": told})
        return
    rows = found.rows - found.left_out
    print_table(
        ("part", "rows", "share", "labels", "table"),
        [
            (name, part.rows, f"{100 * part.rows / rows:.1f} %", len(part.labels) or "", part.out)
            for name, part in found.parts.items()
        ],
    )
    if found.groups:
        say(f"{count(found.groups, 'group')} of several rows kept whole.")
    for note in found.notes:
        say(note)
    if leaks is None:
        return
    say(
        f"{count(len(leaks.pairs), 'pair')} of near-duplicates in different parts, among "
        f"{leaks.compared:,} of {count(leaks.images, 'image')}: {written}"
    )
    for pair in leaks.pairs[:SHOWN]:
        say(f"  {pair.one} ({pair.one_part}) and {pair.other} ({pair.other_part}): {pair.level}")
