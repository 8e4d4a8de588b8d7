"""Progress bars on stderr, for runs over images and for steps; silent where it is no terminal."""

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


@contextmanager
def steps_bar() -> Iterator[Callable[[str, int, int], None]]:
    """Gives a function to call with a step's name, how much of it is done, and of how much."""
    if not sys.stderr.isatty():
        yield lambda _step, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=None)

        def advance(step: str, done: int, total: int) -> None:
            known = total if total > 1 else None
            bar.update(task, description=step.capitalize(), completed=done, total=known)

        yield advance
