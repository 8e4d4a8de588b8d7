"""`lookalike index --shard` and `--runner`: shards of a source instead of a library."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli.interrupt import stop_on_interrupt
from lookalike.cli.output import count, print_json, print_line, say
from lookalike.cli.progress import progress_bar
from lookalike.errors import UsageError
from lookalike.types import REASONS

if TYPE_CHECKING:
    from lookalike.scale.files import ShardReport
    from lookalike.scale.job import Job
    from lookalike.scale.workers import Workers

ShardOption = Annotated[
    str | None,
    typer.Option(help="Make only shard I of N, as 3/16, and no library; needs --out."),
]
RunnerOption = Annotated[
    str | None,
    typer.Option(help="Make all shards, and no library: local, spark or ray; needs --out."),
]
ShardsOption = Annotated[
    int | None, typer.Option(min=1, help="With --runner: how many shards. Default: 16.")
]
OutOption = Annotated[
    str | None,
    typer.Option(help="The folder of the shards, or a URL that fsspec knows, as s3://bucket/x."),
]
AddressOption = Annotated[
    str | None,
    typer.Option(
        help="With --runner: spark://..., local-cluster[...], ray://... Default: this machine."
    ),
]
CoresOption = Annotated[
    int, typer.Option(min=1, help="With --runner: cores that each worker keeps busy.")
]
GpusOption = Annotated[
    float, typer.Option(min=0, help="With --runner ray: GPUs that each worker takes, as 0.25.")
]
SHARDS = 16


def shards_wanted(
    shard: str | None, runner: str | None, shards: int | None, out: str | None, *others: str
) -> tuple[int | None, int] | None:
    """The number of the one shard that is wanted (None: all), and of how many.

    None where a library is wanted. `others` are options given that only a library has. Raises
    `UsageError` on a contradiction.
    """
    from lookalike.scale.job import parse_shard

    if shard is None and runner is None:
        if out is not None or shards is not None:
            raise UsageError("--out and --shards go with --shard I/N or --runner.")
        return None
    if shard is not None and (runner is not None or shards is not None):
        raise UsageError("--shard I/N makes one shard, --runner all of them: give one of the two.")
    if out is None:
        raise UsageError("Where do the shards go? Name a folder, the same for all, with --out.")
    if others:
        raise UsageError(f"{', '.join(others)}: for a library, not for shards. See: merge")
    return (None, shards or SHARDS) if shard is None else parse_shard(shard)


def one_source(targets: Sequence[str | list[str]]) -> str:
    """The one source that shards are made of. Raises `UsageError`."""
    if len(targets) != 1 or not isinstance(targets[0], str) or targets[0] == "-":
        raise UsageError(
            "Shards are made of one folder, table or archive, which all workers see. "
            "Give each source a folder of shards of its own; write a list of paths to a csv."
        )
    return targets[0]


def make(job: Job, number: int | None, workers: Workers, *, json: bool) -> None:
    """Make one shard, or all that are not there yet, and say what became of them."""
    from lookalike.scale.shards import write_shard
    from lookalike.scale.workers import make_shards

    with stop_on_interrupt() as stop, progress_bar() as advance:
        if number is None:
            reports = make_shards(job, workers, advance, stop)
        else:
            reports = [write_shard(job, number, workers.using, advance, stop)]
    if json:
        print_json([report.as_dict() for report in reports])
    else:
        _summarize(reports, job)
    if any(report.interrupted for report in reports):
        say("Interrupted: the shard at hand was not written; run the same command to make it.")
        raise typer.Exit(130)
    if any(report.rejected for report in reports):
        raise typer.Exit(3)


def _summarize(reports: Sequence[ShardReport], job: Job) -> None:
    for report in reports:
        if report.interrupted:
            continue
        before = ", finished before" if report.again else f", in {report.seconds:.1f} s"
        print_line(
            f"shard {report.number}/{report.shards}: {count(report.offered, 'image')} offered: "
            f"{report.embedded:,} embedded, {report.duplicate:,} duplicate content, "
            f"{report.rejected:,} rejected{before}"
        )
    reasons = sum((Counter(report.reasons) for report in reports), Counter[str]())
    for reason, times in reasons.most_common():
        say(f"Rejected, {reason} ({REASONS.get(reason, reason)}): {times:,}")
    for note in dict.fromkeys(note for report in reports for note in report.notes):
        say(f"Note: {note}")
    if len(reports) == job.shards:
        say(f"Next: lookalike merge {job.out}")
