"""`lookalike export`: what a library holds, for others to use."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from lookalike.cli.export_vectors import vectors
from lookalike.cli.options import JsonOption, LibraryOption, WhereOption
from lookalike.cli.output import count, print_json, print_line, say, size
from lookalike.cli.progress import steps_bar

export = typer.Typer(no_args_is_help=True, help="What the library holds, for others to use.")
export.command()(vectors)


@export.command()
def site(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to write.")],
    library: LibraryOption = None,
    title: Annotated[str | None, typer.Option(help="What stands above the images.")] = None,
    space: Annotated[
        str | None, typer.Option(help="Compare in this space instead of the default one.")
    ] = None,
    where: WhereOption = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="A column to filter by; repeat it. Default: label and metadata."),
    ] = None,
    with_model: Annotated[
        bool,
        typer.Option(
            "--with-model",
            help="Add the model: visitors may ask with a picture of their own. 9 MB.",
        ),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Write a search page for any static host: thumbnails, ids, labels and vectors."""
    import lookalike

    with lookalike.open(library, create=False) as opened, steps_bar() as advance:
        report = opened.export_site(
            directory,
            title=title,
            space=space,
            where=where,
            columns=column,
            with_model=with_model,
            on_step=advance,
        )
    if json:
        print_json(report.as_dict())
        return
    print_line(str(report.directory / "index.html"))
    model = f", model {size(report.model)}" if report.model else ""
    say(
        f"{count(report.images, 'image')}, {size(report.size)} in {count(report.files, 'file')}: "
        f"vectors {size(report.vectors)}, thumbnails {size(report.thumbnails)}{model}"
    )
    if report.missing:
        say(f"{count(report.missing, 'image')} without a thumbnail: the file is gone or changed.")
    if not report.has_map:
        say("Without a map: run lookalike map first to have one.")


@export.command()
def bundle(
    path: Annotated[Path, typer.Argument(metavar="DIR|FILE.zip", help="What to write.")],
    library: LibraryOption = None,
    settings: Annotated[
        Path | None, typer.Option(help="The YAML file of settings that goes with it.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write all that is needed to search elsewhere: vectors, metadata, models, checksums.

    The images themselves stay where they are; thumbnails that were made go with it.
    """
    import lookalike

    with lookalike.open(library, create=False) as opened, steps_bar() as advance:
        made = opened.export_bundle(path, settings=settings, on_step=advance)
    if json:
        print_json(asdict(made))
        return
    print_line(str(made.path))
    say(
        f"{count(made.images, 'image')}, {count(len(made.spaces), 'space')}, "
        f"{count(made.models, 'model')}, {size(made.size)}. Digest: {made.digest}"
    )
    for name in made.without_model:
        say(f"Space {name!r} goes without its model: search it by id, not by new images.")
    say(f"Elsewhere: lookalike import {made.path.name} --library FOLDER")
