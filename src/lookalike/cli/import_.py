"""`lookalike import`: vectors from elsewhere as a space of the library."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lookalike.cli.options import JsonOption, LibraryOption
from lookalike.cli.output import count, print_json, print_line


def import_(
    vectors: Annotated[
        Path,
        typer.Argument(
            help="A .npy, .parquet, .csv, .jsonl or .json of vectors, or clip-retrieval's folder."
        ),
    ],
    space: Annotated[str, typer.Option(help="The space they become, or are added to.")],
    library: LibraryOption = None,
    ids: Annotated[
        Path | None, typer.Option(help="The ids of a .npy: a line each, or a .jsonl of strings.")
    ] = None,
    id_column: Annotated[str | None, typer.Option(help="The table's column of ids.")] = None,
    vector_column: Annotated[
        str | None, typer.Option(help="The table's column of vectors.")
    ] = None,
    metric: Annotated[str, typer.Option(help="cosine, l2, l1 or ip.")] = "cosine",
    json: JsonOption = False,
) -> None:
    """Take vectors with their ids as a space; ids without an image can be searched as well."""
    import lookalike
    from lookalike.share.read_vectors import read_vectors

    blocks = read_vectors(vectors, ids=ids, id_column=id_column, vector_column=vector_column)
    with lookalike.open(library) as opened:
        done = opened.import_vectors(space, blocks, metric=metric)
    if json:
        print_json({"space": done.space, "images": done.images, "others": done.others})
        return
    print_line(
        f"Space {done.space}: vectors of {count(done.images, 'image')} of the library and of "
        f"{count(done.others, 'id')} without an image."
    )
