"""`lookalike demo`: the whole journey on drawn garments, or on a folder of one's own."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from shutil import which
from typing import Annotated

import typer

from lookalike.cli.options import JsonOption, RuntimeOption
from lookalike.cli.output import count, print_json, print_line, print_table, say
from lookalike.cli.progress import progress_bar
from lookalike.errors import SourceError


def demo(
    folder: Annotated[
        Path | None, typer.Argument(help="Your images. Default: garments are drawn into ./demo.")
    ] = None,
    page: Annotated[Path, typer.Option(help="The contact sheet to write.")] = Path("demo.html"),
    runtime: RuntimeOption = "auto",
    json: JsonOption = False,
) -> None:
    """Index a pile of images, search it, measure the answers, and write demo.html."""
    from lookalike.demo.run import MATCHES, run_demo

    if folder is not None and not folder.is_dir():
        raise SourceError(f"There is no folder {str(folder)!r}.")
    place = folder or Path("demo")
    if folder is None:
        say(f"Drawing a catalogue of garments into {place}/ ...")
    with progress_bar() as advance:
        result = run_demo(place, page, draw=folder is None, on_progress=advance, runtime=runtime)
    report = result.report
    if not result.hits:
        raise SourceError(f"No image in {place} could be used.")
    if json:
        print_json(
            {
                "report": report.as_dict(),
                "searches": [hits.as_dict() for hits in result.hits],
                "precision": result.precision,
                "overall": result.overall,
                "seconds": result.seconds,
                "page": str(page),
            }
        )
        return
    print_line(
        f"{count(report.offered, 'image')}: {report.embedded:,} embedded, "
        f"{report.unchanged:,} unchanged, {report.duplicate:,} duplicate content, "
        f"{report.rejected:,} rejected"
    )
    for hits in result.hits:
        print_line("")
        print_line(f"What looks like {hits.query}?")
        print_table(
            ("rank", "id", "label", "similarity"),
            [(hit.rank, hit.id, hit.label, f"{hit.similarity:.3f}") for hit in hits][:MATCHES],
        )
    if result.overall is not None:
        print_line("")
        print_line(f"Precision@{MATCHES} (share of the {MATCHES} nearest of the same kind)")
        rows = [(label, f"{share:.3f}") for label, share in result.precision.items()]
        print_table(("kind", "precision"), [*rows, ("all", f"{result.overall:.3f}")])
    print_line("")
    print_line("Times")
    print_table(
        ("step", "seconds"), [(step, f"{taken:.2f}") for step, taken in result.seconds.items()]
    )
    print_line("")
    print_line(f"The matches as pictures: {page}")
    called, named = _called(), shlex.quote(str(place))
    say(f"Go on with: {called} search YOUR.jpg --library {named}")
    say(f"Or in a browser: {called} serve --library {named}, then http://127.0.0.1:8765")


def _called() -> str:
    """How this command is called from where the user is."""
    return "lookalike" if which("lookalike") else shlex.quote(sys.argv[0])
