"""`lookalike rejects`: the images that were offered and could not be used."""

from __future__ import annotations

from typing import Annotated

import typer

from lookalike.cli.options import JsonOption, LibraryOption
from lookalike.cli.output import print_json, print_table
from lookalike.errors import UnknownNameError
from lookalike.types import REASONS


def rejects(
    library: LibraryOption = None,
    reason: Annotated[str | None, typer.Option(help=f"Only these: {', '.join(REASONS)}.")] = None,
    json: JsonOption = False,
) -> None:
    """Print each rejected image with the reason; index again once it is mended."""
    import lookalike

    if reason is not None and reason not in REASONS:
        raise UnknownNameError("reason", reason, REASONS)
    with lookalike.open(library, create=False) as opened:
        found = [reject for reject in opened.rejects() if reason is None or reject.reason == reason]
    if json:
        print_json(
            [{"id": r.id, "file": r.uri, "reason": r.reason, "detail": r.detail} for r in found]
        )
        return
    print_table(
        ("id", "reason", "detail", "file"), [(r.id, r.reason, r.detail, r.uri) for r in found]
    )
