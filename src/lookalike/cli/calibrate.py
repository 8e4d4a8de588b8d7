"""`lookalike calibrate`: make of similarities how sure a match is."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from lookalike.cli.options import JsonOption, LibraryOption, writable
from lookalike.cli.output import count, print_json, print_line, print_table, say


def calibrate(
    library: LibraryOption = None,
    on: Annotated[
        Literal["background", "labels", "judgements"],
        typer.Option(help="What a match is: unlike strangers, of the same label, judged one."),
    ] = "background",
    space: Annotated[str | None, typer.Option(help="The space. Default: the default one.")] = None,
    column: Annotated[
        str, typer.Option(help="With --on labels: the column in which matches agree.")
    ] = "label",
    drop_label: Annotated[
        list[str] | None, typer.Option(help="With --on labels: leave out images labelled so.")
    ] = None,
    diagram: Annotated[
        Path | None,
        typer.Option(help="Write how chances hold, as an SVG picture.", callback=writable),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Give every match of a search a chance in 0..1 that it is one, from now on."""
    import lookalike

    with lookalike.open(library, create=False) as opened:
        done = opened.calibrate(on, space=space, column=column, drop=drop_label or ())
        name = space or opened.space.name
    calibration = done.calibration
    if json:
        print_json(
            {
                "space": name,
                "on": on,
                "pairs": calibration.pairs,
                "data_version": calibration.version,
                "error": calibration.error,
                "surprises": calibration.surprises,
                "chances": calibration.chances,
                "reliability": [asdict(one) for one in done.reliability],
            }
        )
    else:
        print_line(f"Space {name} is calibrated on {on}, {count(calibration.pairs, 'pair')}.")
        if calibration.error is not None:
            print_table(
                ("match, as said", "share of matches", "pairs"),
                [(f"{r.chance:.2f}", f"{r.share:.2f}", f"{r.count:.0f}") for r in done.reliability],
            )
            print_line(
                f"Expected calibration error {calibration.error:.3f}, on queries that the curve "
                "was not fitted on."
            )
    if diagram is not None and done.reliability:
        from lookalike.evaluate.reliability import reliability_svg

        diagram.write_text(reliability_svg([(f"{name}, {on}", done.reliability)]), "utf-8")
        say(f"Written: {diagram}")
    elif diagram is not None:
        say("There is nothing to draw: the background alone does not know which are matches.")
