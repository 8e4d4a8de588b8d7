"""`lookalike map`: the whole collection as points in a plane, on a page or in a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli.options import JsonOption, LibraryOption, writable
from lookalike.cli.output import count, print_json, print_line, say
from lookalike.cli.progress import steps_bar

if TYPE_CHECKING:
    from lookalike.library.mapping import Map


def map_(
    library: LibraryOption = None,
    space: Annotated[
        str | None, typer.Option(help="The space to draw. Default: the library's own.")
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="tsne, or pca for a quick look. Default: tsne.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Another gives another map.")] = None,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Lay everything out anew instead of placing the new.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(help="Write a page that needs no server.", callback=writable)
    ] = None,
    png: Annotated[
        Path | None, typer.Option(help="Write a picture for a report.", callback=writable)
    ] = None,
    colour: Annotated[
        str | None, typer.Option(help="The column that colours the page. Default: the label.")
    ] = None,
    thumbnails: Annotated[
        bool, typer.Option("--thumbnails/--no-thumbnails", help="Thumbnails in the page.")
    ] = True,
    json: JsonOption = False,
) -> None:
    """Draw the library as a map; it is kept, and images added later are placed into it."""
    import lookalike

    with lookalike.open(library, create=False) as opened, steps_bar() as advance:
        drawn = opened.map(space, method=method, seed=seed, refresh=refresh, on_step=advance)
        if html is not None:
            page = opened.map_html(drawn, colour, thumbnails=thumbnails, on_step=advance)
            html.write_text(page, encoding="utf-8")
        if png is not None:
            png.write_bytes(opened.map_png(drawn, on_step=advance))
    if json:
        print_json(drawn.as_dict())
    else:
        _print(drawn)
    for path in (html, png):
        if path is not None:
            say(f"Written: {path}")


def _print(drawn: Map) -> None:
    how = "laid out" if drawn.made else "kept"
    print_line(
        f"{count(len(drawn.ids), 'image')} of space {drawn.space} by {drawn.method}, {how}, "
        f"{drawn.added:,} placed now, in {drawn.seconds:.1f} s"
    )
    for what, quality in (("all", drawn.quality), ("placed", drawn.quality_of_placed)):
        if quality is not None:
            print_line(
                f"{what}: {quality.preservation:.1%} of the {quality.k} nearest stayed, "
                f"trustworthiness {quality.trustworthiness:.3f}, "
                f"over {count(quality.sampled, 'image')}"
            )
    placed = int(drawn.placed.sum())
    if placed > len(drawn.ids) // 2:
        say(f"{placed:,} were placed since the map was laid out: --refresh lays it out anew.")
