"""`lookalike export vectors`: the vectors of a space as a file for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from lookalike.cli.options import JsonOption, LibraryOption, WhereOption
from lookalike.cli.output import count, print_json, print_line, say
from lookalike.cli.progress import steps_bar


def vectors(
    out: Annotated[
        Path,
        typer.Argument(
            help="A .npy, .parquet, .csv, .jsonl or .json; without suffix clip-retrieval's folder."
        ),
    ],
    library: LibraryOption = None,
    space: Annotated[
        str | None, typer.Option(help="The vectors of this space instead of the default one.")
    ] = None,
    where: WhereOption = None,
    columns: Annotated[
        str, typer.Option(help="Columns to write beside id, label and path: price,cluster.")
    ] = "",
    dtype: Annotated[
        Literal["float32", "float16"], typer.Option(help="The type of the numbers.")
    ] = "float32",
    json: JsonOption = False,
) -> None:
    """Write vectors with their ids, labels and paths, for other programs to read."""
    import lookalike

    names = [name.strip() for name in columns.split(",") if name.strip()]
    with lookalike.open(library, create=False) as opened, steps_bar() as advance:
        written = opened.export_vectors(
            out,
            space=space,
            where=where,
            columns=names,
            dtype=dtype,
            on_done=lambda done, total: advance("vectors", done, total),
        )
    if json:
        print_json({"file": str(out), "vectors": written})
        return
    print_line(str(out))
    say(f"{count(written, 'vector')} written")
