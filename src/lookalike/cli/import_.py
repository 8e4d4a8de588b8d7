"""`lookalike import`: a bundle as a library, or vectors from elsewhere as a space of one."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from lookalike.cli.options import JsonOption, LibraryOption
from lookalike.cli.output import count, print_json, print_line, say
from lookalike.errors import UsageError


def import_(
    vectors: Annotated[
        Path,
        typer.Argument(
            help="A bundle; or a .npy, .parquet, .csv, .jsonl or .json of vectors, or "
            "clip-retrieval's folder."
        ),
    ],
    space: Annotated[
        str | None, typer.Option(help="The space that vectors become, or are added to.")
    ] = None,
    library: LibraryOption = None,
    ids: Annotated[
        Path | None, typer.Option(help="The ids of a .npy: a line each, or a .jsonl of strings.")
    ] = None,
    id_column: Annotated[str | None, typer.Option(help="The table's column of ids.")] = None,
    vector_column: Annotated[
        str | None, typer.Option(help="The table's column of vectors.")
    ] = None,
    metric: Annotated[str, typer.Option(help="cosine, l2, l1 or ip.")] = "cosine",
    digest: Annotated[
        str | None, typer.Option(help="What `export bundle` said; another bundle is refused.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Make a library of a bundle, or take vectors with their ids as a space of one.

    Ids without an image can be searched as well.
    """
    import lookalike
    from lookalike.library.unbundling import is_bundle, open_bundle
    from lookalike.share.read_vectors import read_vectors

    if is_bundle(vectors):
        made = open_bundle(vectors, library or Path.cwd(), digest)
        if json:
            print_json(asdict(made))
            return
        print_line(str(made.directory))
        say(f"{count(made.images, 'image')} in {count(len(made.spaces), 'space')}.")
        return
    if space is None:
        raise UsageError("Vectors become a space: name it, with --space.")
    blocks = read_vectors(vectors, ids=ids, id_column=id_column, vector_column=vector_column)
    with lookalike.open(library) as opened:
        done = opened.import_vectors(space, blocks, metric=metric)
    if json:
        print_json(asdict(done))
        return
    print_line(
        f"Space {done.space}: vectors of {count(done.images, 'image')} of the library and of "
        f"{count(done.others, 'id')} without an image."
    )
    if done.kept:
        say(
            f"{count(done.kept, 'vector')} not taken: the space has one already. To take new ones: "
            f"lookalike space drop {done.space}, then import again."
        )
