"""`lookalike columns`: what images can be filtered by, and columns made from the images."""

from __future__ import annotations

from typing import Annotated

import typer

from lookalike.cli.interrupt import stop_on_interrupt
from lookalike.cli.options import JsonOption, LibraryOption
from lookalike.cli.output import count, print_json, print_table, say
from lookalike.cli.progress import steps_bar

columns = typer.Typer(no_args_is_help=True, help="What images can be filtered by.")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The column: colour.")]
HEADER = ("column", "kind", "distinct", "missing", "examples")


@columns.command("list")
def list_columns(library: LibraryOption = None, json: JsonOption = False) -> None:
    """Print every column with its kind, its different values, and the most common of them."""
    import lookalike

    with lookalike.open(library, create=False) as opened:
        found = opened.columns()
    if json:
        print_json([info.as_dict() for info in found])
        return
    print_table(HEADER, [info.row() for info in found])


@columns.command()
def add(name: NameArgument, library: LibraryOption = None, json: JsonOption = False) -> None:
    """Name the colours that each image mostly has; images added later get theirs at once."""
    import lookalike

    with (
        lookalike.open(library, create=False) as opened,
        stop_on_interrupt() as stop,
        steps_bar() as advance,
    ):
        named = opened.add_column(name, on_step=advance, stop=stop)
        stopped = stop()
    if json:
        print_json({"column": name, "contents": named, "interrupted": stopped})
    else:
        say(f"Column {name}: {count(named, 'new image')}. See: lookalike columns list")
    if stopped:
        say("Interrupted. Run the same command to go on.")
        raise typer.Exit(130)


@columns.command()
def drop(
    name: NameArgument,
    library: LibraryOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    json: JsonOption = False,
) -> None:
    """Remove a column that was made from the images; metadata are never touched."""
    import lookalike

    with lookalike.open(library, create=False) as opened:
        gone = opened.drop_column(name, dry_run=dry_run)
    if json:
        print_json({"column": name, "contents": gone, "dry_run": dry_run})
    else:
        verb = "would be removed" if dry_run else "is removed"
        say(f"Column {name} with the words of {count(gone, 'image')} {verb}.")
