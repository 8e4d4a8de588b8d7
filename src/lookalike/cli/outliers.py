"""`lookalike outliers`: images unlike all others, bad ones, and labels in doubt."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lookalike.cli.interrupt import stop_on_interrupt
from lookalike.cli.options import JsonOption, LibraryOption, writable
from lookalike.cli.output import count, print_json, print_table, say
from lookalike.cli.progress import steps_bar


def outliers(
    library: LibraryOption = None,
    space: Annotated[
        str | None, typer.Option(help="The space that says what is near. Default: the library's.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a page with all of it.", callback=writable)
    ] = None,
    json: JsonOption = False,
) -> None:
    """Find what is unlike everything else, blurred, dark, blank, tiny or cut short.

    The scores are kept as columns to filter by: sharpness, brightness, contrast, missing,
    outlier, and faults, as in --where "faults = blurred". Labels that an image's neighbours do
    not share are listed too.
    """
    import lookalike

    with (
        lookalike.open(library, create=False) as opened,
        steps_bar() as advance,
        stop_on_interrupt() as stop,
    ):
        found = opened.outliers(space, on_step=advance, stop=stop)
        if stop():
            say("Interrupted. What was measured is kept; run the same command to go on.")
            raise typer.Exit(130)
        if html is not None:
            html.write_text(found.html(), encoding="utf-8")
    if json:
        print_json(found.as_dict())
    else:
        rows = [
            (one.image.id, " ".join(one.faults), f"{one.outlier:.2f}",
             *(f"{one.measures[name]:.3g}" for name in ("sharpness", "brightness")))
            for one in found.odd
        ]  # fmt: skip
        rows += [
            (
                id_,
                f"labelled {doubt.label}, like {doubt.suggested}",
                f"{doubt.probability:.2f}",
                "",
                "",
            )
            for id_, doubt in found.doubts
        ]
        print_table(("id", "what", "score", "sharpness", "brightness"), rows)
        say(
            f"{count(found.images, 'image')}: {len(found.odd):,} odd, "
            f"{count(len(found.doubts), 'label')} in doubt."
        )
    if found.unreadable:
        say(f"{count(found.unreadable, 'file')} could not be read, and was not measured.")
    if html is not None:
        say(f"Written: {html}")
