"""`lookalike search`: what looks like this file, or this stored image?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lookalike.cli.options import JsonOption, LibraryOption, PrecisionOption, RuntimeOption
from lookalike.cli.output import print_json, print_line, print_table, say


def search(
    query: Annotated[
        str, typer.Argument(help="An image file, or id:... of an image in the library.")
    ],
    library: LibraryOption = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many matches.")] = 10,
    metric: Annotated[
        str | None, typer.Option(help="cosine, l2, l1 or ip. Default: the library's own.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a page with the query and its matches.")
    ] = None,
    include_self: Annotated[
        bool, typer.Option("--include-self", help="Let id:... be an answer to itself.")
    ] = False,
    runtime: RuntimeOption = "auto",
    precision: PrecisionOption = "auto",
    json: JsonOption = False,
) -> None:
    """Print the images that look most like QUERY, best first."""
    import lookalike

    with lookalike.open(library, create=False, runtime=runtime, precision=precision) as opened:
        hits = opened.search(query, k, metric=metric, include_self=include_self)
        if html is not None:
            written = hits.show(html)
    if json:
        print_json(hits.as_dict())
    else:
        rows = [
            (hit.rank, hit.id, hit.label, f"{hit.similarity:.4f}", f"{hit.distance:.4f}")
            for hit in hits
        ]
        print_table(("rank", "id", "label", "similarity", "distance"), rows)
    if not len(hits):
        say("No other image is in the library. Add some with: lookalike index FOLDER")
    if html is not None:
        print_line(str(written)) if not json else say(f"Written: {written}")
