"""`lookalike fetch`: images of a table of URLs or a data set, into a folder or tar shards."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lookalike.cli.interrupt import stop_on_interrupt
from lookalike.cli.options import AllowHostOption, AllowPrivateOption, JsonOption
from lookalike.cli.output import count, print_json, print_line, say
from lookalike.cli.output import size as bytes_read
from lookalike.types import REASONS

if TYPE_CHECKING:
    from lookalike.datasets.about import About
    from lookalike.fetch.report import FetchReport, Progress

TALK_SECONDS = 0.25


def fetch(
    table: Annotated[
        str, typer.Argument(help="A table of URLs, or dataset:NAME, :tfds/NAME, :hf/ORG/NAME.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder for what is fetched.")],
    url_column: Annotated[
        str | None, typer.Option(help="The table's column that holds the URL.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="A data set's split: train, test.")] = None,
    only: Annotated[
        int | None, typer.Option("--count", min=1, help="Only the first N images.")
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Where tensorflow_datasets keeps data. Default: ~/tensorflow_datasets."),
    ] = None,
    format: Annotated[  # noqa: A002
        Literal["folder", "shards"],
        typer.Option("--format", help="Files in folders, or WebDataset tar shards."),
    ] = "folder",
    shard_images: Annotated[int, typer.Option(min=1, help="Images in each shard.")] = 10_000,
    resize: Annotated[
        Literal["no", "keep-ratio", "centre-crop", "border"],
        typer.Option(help="keep-ratio: shorter side to --size; border: white around, a square."),
    ] = "no",
    size: Annotated[
        int | None, typer.Option("--size", help="Pixels; alone, it means --resize keep-ratio.")
    ] = None,
    only_larger: Annotated[
        bool, typer.Option("--only-larger", help="Keep smaller images as they are.")
    ] = False,
    image_format: Annotated[
        Literal["jpeg", "png", "webp"] | None,
        typer.Option(help="Write all images so. Default: jpeg where they are resized."),
    ] = None,
    quality: Annotated[int, typer.Option(help="Of JPEG and WebP, 1 to 100.")] = 92,
    at_once: Annotated[int, typer.Option(help="Downloads under way at one time.")] = 256,
    host_connections: Annotated[int, typer.Option(help="Of them at one host.")] = 8,
    host_rate: Annotated[
        float, typer.Option(help="Downloads begun a second at one host; 0: any number.")
    ] = 20.0,
    retries: Annotated[
        int, typer.Option(help="Tries again after a timeout, a lost connection, 429 or 5xx.")
    ] = 3,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Ask again for what failed in earlier runs.")
    ] = False,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for one download.")] = 15.0,
    max_bytes: Annotated[
        int, typer.Option(min=1, help="Give up downloads larger than this.")
    ] = 20_000_000,
    max_pixels: Annotated[
        int, typer.Option(min=1, help="Reject images of more pixels than this.")
    ] = 100_000_000,
    allow_host: AllowHostOption = None,
    allow_private: AllowPrivateOption = False,
    ignore_robots: Annotated[
        bool, typer.Option("--ignore-robots", help="Do not heed robots.txt and X-Robots-Tag.")
    ] = False,
    user_agent: Annotated[str, typer.Option(help="Who asks. Default: lookalike/VERSION.")] = "",
    outcomes: Annotated[
        Literal["csv", "parquet"], typer.Option(help="The format of the table of outcomes.")
    ] = "csv",
    limit: Annotated[int | None, typer.Option(min=1, help="Take only the first N rows.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that check and resize. Default: a core.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Download every image that TABLE names by URL, or that a public data set has.

    Every row ends in OUT/outcomes.csv with what became of it. Run again, it asks only for
    what is not settled. `lookalike index OUT/outcomes.csv --path-column file` goes on.
    """
    import lookalike
    from lookalike.fetch.pace import Pace
    from lookalike.fetch.policy import FetchPolicy
    from lookalike.fetch.run import Fetching
    from lookalike.images.limits import Limits
    from lookalike.images.resize import Resizing

    how = Fetching(
        policy=FetchPolicy(
            size=max_bytes,
            seconds=timeout,
            allow_hosts=frozenset(allow_host or ()),
            allow_private=allow_private,
            user_agent=user_agent,
        ),
        pace=Pace(at_once, host_connections, host_rate, retries, robots=not ignore_robots),
        resizing=Resizing(
            shape="keep-ratio" if size is not None and resize == "no" else resize,
            size=256 if size is None else size,
            only_larger=only_larger,
            file_format=image_format,
            quality=quality,
        ),
        limits=Limits(pixels=max_pixels),
        shards=shard_images if format == "shards" else None,
        outcomes=outcomes,
        retry_failed=retry_failed,
        workers=workers,
        limit=limit,
    )
    with stop_on_interrupt() as stop, _progress() as advance:
        report = lookalike.fetch_images(
            table,
            out,
            how,
            url_column=url_column,
            split=split,
            count=only,
            data_dir=data_dir,
            on_about=_say_about,
            on_progress=advance,
            stop=stop,
        )
    if json:
        print_json(report.as_dict())
    else:
        _summarize(report)
    if report.interrupted:
        say("Interrupted. What was fetched is safe; run the same command to go on.")
        raise typer.Exit(130)
    if report.failed:
        raise typer.Exit(3)


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None] | None]:
    """A function that draws a run on stderr a few times a second; None off a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(
        console=Console(stderr=True), transient=True, refresh_per_second=1 / TALK_SECONDS
    ) as live:
        yield lambda progress: live.update(Text(_line(progress)))


def _say_about(about: About) -> None:
    say(f"{about.name}: {about.title}")
    say(f"Licence: {about.licence}")
    say(f"From {about.homepage}")
    if about.splits:
        say(f"Splits: {', '.join(about.splits)}")


def _line(progress: Progress) -> str:
    """`12,345 of 50,000 rows, 812 images/s, 97.1 % fetched, 256 under way; ...`"""
    of = f" of {progress.total:,}" if progress.total is not None else ""
    rate = progress.settled / max(progress.seconds, 1e-3)
    parts = [f"{progress.known + progress.settled:,}{of} URLs", f"{rate:,.0f} a second"]
    if progress.settled:
        parts.append(f"{100 * progress.kept / progress.settled:.1f} % fetched")
    parts.append(f"{progress.active} under way, {progress.waiting:,} waiting")
    if progress.total and rate > 0:
        left = max(progress.total - progress.known - progress.settled, 0) / rate
        parts.append(f"{_clock(left)} left")
    top = ", ".join(f"{reason} {times:,}" for reason, times in progress.reasons.most_common(3))
    return ", ".join(parts) + (f"\nfailed: {top}" if top else "")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _summarize(report: FetchReport) -> None:
    unasked = f", {report.unasked:,} not asked yet" if report.unasked else ""
    print_line(
        f"{count(report.rows, 'row')}: {report.fetched:,} fetched, {report.duplicate:,} "
        f"duplicate, {report.failed:,} failed{unasked}, in {report.seconds:.1f} s"
    )
    rate = report.asked / max(report.seconds, 1e-3)
    say(
        f"{count(report.asked, 'URL')} asked for now ({rate:,.0f} a second, "
        f"{bytes_read(report.bytes)}), {report.known:,} settled already, "
        f"{count(report.retried, 'try', 'tries')} again"
    )
    for reason, times in report.reasons.most_common():
        say(f"Failed, {reason} ({REASONS.get(reason, reason)}): {times:,}")
        if reason == "http":
            say("  " + ", ".join(f"{code}: {n:,}" for code, n in report.codes.most_common()))
    say(f"Outcomes: {report.outcomes}")
