"""`lookalike merge`: the shards that many workers made become a library."""

from __future__ import annotations

from typing import Annotated

import typer

from lookalike.cli.interrupt import stop_on_interrupt
from lookalike.cli.options import JsonOption, LibraryOption
from lookalike.cli.output import print_json
from lookalike.cli.progress import progress_bar
from lookalike.cli.summary import finish, summarize


def merge(
    shards: Annotated[
        str, typer.Argument(help="The folder of the shards, or a URL that fsspec knows.")
    ],
    library: LibraryOption = None,
    json: JsonOption = False,
) -> None:
    """Take shards into a library, which is then as if it had indexed their source itself.

    All shards have to be there. Merged again, nothing changes.
    """
    import lookalike
    from lookalike.scale.merge import made_with

    model, metric = made_with(shards)
    with (
        lookalike.open(library, model=model, metric=metric) as opened,
        stop_on_interrupt() as stop,
        progress_bar() as advance,
    ):
        report = opened.merge(shards, on_progress=advance, stop=stop)
    if json:
        print_json(report.as_dict())
    else:
        summarize(report)
    finish([report])
