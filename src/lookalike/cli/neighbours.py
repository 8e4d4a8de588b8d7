"""`lookalike neighbours`: every image with the k nearest to it, as one file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from lookalike.cli.options import JsonOption, LibraryOption, writable
from lookalike.cli.output import count, print_json, print_line, say
from lookalike.cli.progress import steps_bar
from lookalike.cli.weights import read_weights


def neighbours(
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="A .parquet, .csv or .npz to write.", callback=writable),
    ],
    library: LibraryOption = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many for each image.")] = 20,
    space: Annotated[
        str | None, typer.Option(help="Look in this space instead of the default one.")
    ] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option(help="NAME=W, for several spaces at once: --weight main=1 --weight c=0.4."),
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="cosine, l2, l1 or ip. Default: the library's own.")
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Scan all vectors, even where there is an index.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Write the k nearest of every image: the graph that maps and clusterings begin with."""
    import lookalike
    from lookalike.share.neighbour_files import check_graph_path, write_graph

    check_graph_path(out)
    started = time.monotonic()
    with lookalike.open(library, create=False) as opened, steps_bar() as advance:
        graph = opened.neighbours(
            k, space=space, weights=read_weights(weight or []), metric=metric, exact=exact
        )
        write_graph(graph, out, lambda done: advance("neighbours", done, len(graph)))
    taken = time.monotonic() - started
    if json:
        facts = {"file": str(out), "images": len(graph), "k": k, "seconds": round(taken, 3)}
        print_json(facts)
        return
    print_line(str(out))
    each = max(0, min(k, len(graph) - 1))
    say(f"The {each} nearest of {count(len(graph), 'image')}, in {taken:.1f} s")
