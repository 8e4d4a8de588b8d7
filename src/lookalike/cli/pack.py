"""`lookalike pack`: images into a few large files, for training and for moving."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Literal

import typer

from lookalike.cli.interrupt import stop_on_interrupt
from lookalike.cli.options import JsonOption, LibraryOption, WhereOption
from lookalike.cli.output import count, print_json, print_line, say, size
from lookalike.cli.progress import steps_bar
from lookalike.cli.table_options import (
    IdColumnOption,
    LabelColumnOption,
    LabelFromOption,
    PathColumnOption,
    PathTemplateOption,
)
from lookalike.errors import UsageError

SHOWN_REJECTS = 10


def pack(
    source: Annotated[
        str, typer.Argument(help="A folder, table or archive; or OUT, to pack the library.")
    ],
    out: Annotated[Path | None, typer.Argument(help="The folder for the shards.")] = None,
    library: LibraryOption = None,
    format: Annotated[  # noqa: A002  the name of the option
        Literal["tar", "tfrecord", "parquet"],
        typer.Option(help="WebDataset tar, TFRecord, or Parquet as on the Hugging Face hub."),
    ] = "tar",
    shards: Annotated[int | None, typer.Option(min=1, help="How many files to make.")] = None,
    shard_images: Annotated[
        int | None, typer.Option(min=1, help="Images a file, 10,000 by default.")
    ] = None,
    path_column: PathColumnOption = None,
    path_template: PathTemplateOption = None,
    id_column: IdColumnOption = None,
    label_column: LabelColumnOption = None,
    label_from: LabelFromOption = None,
    where: WhereOption = None,
    json: JsonOption = False,
) -> None:
    """Pack images, byte for byte, with labels and metadata into shards.

    SOURCE as for `index`; with OUT alone the images of the library, `--where` some of them.
    Run again, it writes only what is missing or changed.
    """
    import lookalike
    from lookalike.share.pack import pack as pack_source
    from lookalike.sources import open_source

    if shards is not None and shard_images is not None:
        raise UsageError("Give --shards or --shard-images, not both.")
    if out is not None and where is not None:
        raise UsageError("--where is for the images of a library: give OUT alone.")
    opened = lookalike.open(library, create=False) if out is None else nullcontext()
    with opened as held, steps_bar() as advance, stop_on_interrupt() as stop:
        images = (
            held.image_source(where)
            if held is not None
            else open_source(
                source,
                path_column=path_column,
                path_template=path_template,
                id_column=id_column,
                label_column=label_column,
                label_from=label_from,
            )
        )
        report = pack_source(
            images,
            out or Path(source),
            format,
            shards=shards,
            shard_images=shard_images or 10_000,
            on_images=lambda done, total: advance("packing", done, total),
            stop=stop,
        )
    if json:
        print_json(report.as_dict())
    else:
        print_line(
            f"{count(report.images, 'image')} in {count(report.shards, 'shard')}, "
            f"{size(report.bytes)}, in {report.seconds:.1f} s: {report.directory}"
        )
        if report.kept:
            say(f"{count(report.kept, 'shard')} of them there already")
        for reject in report.rejects[:SHOWN_REJECTS]:
            say(f"Left out, {reject.reason}: {reject.id} {reject.detail}".rstrip())
        if len(report.rejects) > SHOWN_REJECTS:
            say(f"... and {len(report.rejects) - SHOWN_REJECTS:,} more: --json names them all")
    if report.interrupted:
        say("Interrupted. The shards that are whole stay; run the same command to go on.")
        raise typer.Exit(130)
    if report.rejects:
        raise typer.Exit(3)
