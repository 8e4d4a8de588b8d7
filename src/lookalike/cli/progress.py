"""A progress bar on stderr for runs over images; silent when stderr is not a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lookalike.embed.report import Report


@contextmanager
def progress_bar() -> Iterator[Callable[[Report], None]]:
    """Gives a function to call with the report after each stored batch."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    bar = Progress(
        TextColumn("[bold]Indexing"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:.0f} images/s"),
        TimeLeft(),
        TextColumn("{task.fields[rejected]}"),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=None, rate=0.0, rejected="")

        def advance(report: Report) -> None:
            rejected = f"[yellow]{report.rejected} rejected" if report.rejected else ""
            rate = report.offered / max(report.seconds, 1e-3)
            bar.update(
                task,
                total=report.total,
                completed=report.offered,
                rate=rate,
                rejected=rejected,
            )

        yield advance
