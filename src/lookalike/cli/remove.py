"""`lookalike remove`: take images out of the library; the files stay where they are."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from lookalike.cli.options import JsonOption, LibraryOption, WhereOption
from lookalike.cli.output import count, print_json, print_line, say
from lookalike.errors import UsageError


def remove(
    ids: Annotated[
        list[str] | None, typer.Argument(help="Ids of images; - reads ids from stdin.")
    ] = None,
    library: LibraryOption = None,
    where: WhereOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only name what would be removed.")
    ] = False,
    null: Annotated[
        bool, typer.Option("--null", "-0", help="Ids on stdin end in NUL, not newline.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Remove images from the library by id or by a filter. No image file is touched."""
    import lookalike
    from lookalike.sources import split_paths

    if ids == ["-"]:
        separator = b"\0" if null else b"\n"
        ids = [id_ for id_ in split_paths(sys.stdin.buffer, separator) if id_]
    if (where is None) == (not ids):
        raise UsageError("Which images? Name their ids, or give a filter with --where.")
    with lookalike.open(library, create=False) as opened:
        named = [opened.get(id_).id for id_ in ids or []]
        if where is not None:
            named = opened.filter(where)
        removed = 0 if dry_run else opened.remove(named)
    if json:
        print_json({"removed": [] if dry_run else named, "would_remove": named if dry_run else []})
        return
    for id_ in named:
        print_line(id_)
    say(
        f"{count(len(named), 'image')} would be removed."
        if dry_run
        else f"{count(removed, 'image')} removed from the library; the files are untouched."
    )
