"""`lookalike search`: what looks like this file, or this stored image?"""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import Annotated

import typer

from lookalike.cli.options import (
    DeviceOption,
    JsonOption,
    LibraryOption,
    PrecisionOption,
    RuntimeOption,
)
from lookalike.cli.output import print_json, print_line, print_table, say
from lookalike.errors import UsageError


def search(
    query: Annotated[
        str, typer.Argument(help="An image file, or id:... of an image in the library.")
    ],
    library: LibraryOption = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many matches.")] = 10,
    space: Annotated[
        str | None, typer.Option(help="Search this space instead of the default one.")
    ] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option(help="NAME=W, for several spaces at once: --weight main=1 --weight c=0.4."),
    ] = None,
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
    device: DeviceOption = "auto",
    json: JsonOption = False,
) -> None:
    """Print the images that look most like QUERY, best first."""
    import lookalike

    with lookalike.open(
        library, create=False, runtime=runtime, precision=precision, device=device
    ) as opened:
        hits = opened.search(
            query,
            k,
            space=space,
            weights=_weights(weight or []),
            metric=metric,
            include_self=include_self,
        )
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


def _weights(written: list[str]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for text in written:
        name, _, number = text.rpartition("=")
        try:
            weights[name] = float(number)
        except ValueError:
            name = ""
        if not name or not isfinite(weights[name]):
            raise UsageError(f"--weight takes NAME=NUMBER, as main=1; not {text!r}.")
    return weights
