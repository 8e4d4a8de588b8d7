"""`lookalike clean`: a table without its repeated, empty and malformed rows, put beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli.interrupt import stop_on_interrupt
from lookalike.cli.options import JsonOption, writable
from lookalike.cli.output import count, print_json, print_line, print_table, say
from lookalike.cli.progress import steps_bar
from lookalike.errors import UsageError

if TYPE_CHECKING:
    from lookalike.tables.cleaned import Cleaned

IN_WORDS = {
    "space": "space around or signs that cannot be seen, taken off",
    "nothing": "words for nothing, such as NULL, emptied",
    "label": "labels spelled as they mostly are",
    "number": "what is no number, emptied",
}
LABELS_SHOWN = 20


def clean(
    table: Annotated[str, typer.Argument(help="A csv, tsv, jsonl or Parquet table.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="The cleaned table. Default: NAME.clean.csv beside it.",
            callback=writable,
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            help="A table of the rows that went. Default: NAME.removed.csv beside it.",
            callback=writable,
        ),
    ] = None,
    url_column: Annotated[
        str | None,
        typer.Option(help="Of near-identical URLs here the first stays. Default: by its name."),
    ] = None,
    label_column: Annotated[
        list[str] | None,
        typer.Option(
            help="The commonest spelling wins; repeat it. Default: label, class, category."
        ),
    ] = None,
    require: Annotated[
        list[str] | None, typer.Option(help="Rows where this column is empty go; repeat it.")
    ] = None,
    unique: Annotated[
        list[str] | None,
        typer.Option(help="Of rows with the same in this column the first stays; repeat it."),
    ] = None,
    number: Annotated[
        list[str] | None,
        typer.Option(help="A column of numbers: cells that are none are emptied; repeat it."),
    ] = None,
    rename: Annotated[
        list[str] | None, typer.Option(help="A column's new name, as old=new; repeat it.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write TABLE without duplicate, empty and malformed rows, its cells and labels put right.

    The table itself stays as it is. Rows that go are listed with their reasons.
    """
    from lookalike.tables.clean import Cleaning, clean_table

    how = Cleaning(
        url_column, label_column, require or (), unique or (), number or (), _renamed(rename)
    )
    with stop_on_interrupt() as stop, steps_bar() as advance:
        found = clean_table(table, out, how, removed=report, on_step=advance, stop=stop)
    if found is None:
        say("Interrupted. Nothing was written.")
        raise typer.Exit(130)
    if json:
        print_json(found.as_dict())
    else:
        _print(found)


def _renamed(pairs: list[str] | None) -> dict[str, str]:
    names = {}
    for pair in pairs or ():
        old, equals, new = pair.partition("=")
        if not (old and equals and new.strip()):
            raise UsageError(f"--rename is old=new, not {pair!r}.")
        if old in names:
            raise UsageError(f"--rename names {old!r} twice.")
        names[old] = new.strip()
    return names


def _print(found: Cleaned) -> None:
    from lookalike.tables.cleaned import WHY

    print_line(
        f"{count(found.rows, 'row')}: {found.kept:,} kept, "
        f"{sum(found.removed.values()):,} removed, in {found.seconds:.1f} s"
    )
    if found.removed:
        print_table(
            ("reason", "rows", "which means"),
            [(reason, f"{times:,}", WHY[reason]) for reason, times in found.removed.most_common()],
        )
    for kind, times in found.changed.most_common():
        say(f"{count(times, 'cell')}: {IN_WORDS[kind]}")
    for column, merged in found.labels.items():
        for winner, spellings in list(merged.items())[:LABELS_SHOWN]:
            others = ", ".join(f"{text!r} ({times:,})" for text, times in spellings.items())
            say(f"  {column}: {winner!r} for {others}")
        if len(merged) > LABELS_SHOWN:
            say(f"  {column}: {len(merged) - LABELS_SHOWN:,} more; --json has them all")
    for name in found.left_out:
        say(f"Column {name!r} is left out: bytes, lists or structures.")
    say(f"Cleaned table: {found.out}")
    say(f"Rows that went: {found.removed_table}")
