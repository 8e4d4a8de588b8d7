"""A table of URLs becomes a folder of images: many at once, each host gently, nothing twice."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lookalike.cores import cores
from lookalike.errors import LookalikeError, UsageError
from lookalike.fetch.downloads import Downloads
from lookalike.fetch.journal import Journal
from lookalike.fetch.keeping import FolderKeeper, Keeper, ShardKeeper
from lookalike.fetch.outcomes import OutcomesFormat, write_outcomes
from lookalike.fetch.pace import Pace
from lookalike.fetch.policy import FetchPolicy
from lookalike.fetch.report import FetchReport, Progress
from lookalike.fetch.table import Survey, UrlTable
from lookalike.images.limits import DEFAULT_LIMITS, Limits
from lookalike.images.resize import Resizing
from lookalike.images.resize_pool import ResizePool
from lookalike.types import Stop

JOURNAL = "fetch.db"
SOCKETS_EACH = 3
"""Sockets for each download under way: its own, one that idles, one that is being closed."""
OTHER_FILES = 256


@dataclass(frozen=True, slots=True)
class Fetching:
    """How a table is to be fetched.

    `shards` is the number of images in each tar shard; None keeps them as files in folders.
    `retry_failed` asks again for what failed in earlier runs. `workers` are the processes
    that check and resize, `limit` the rows to look at.
    """

    policy: FetchPolicy = field(default_factory=FetchPolicy)
    pace: Pace = field(default_factory=Pace)
    resizing: Resizing = field(default_factory=Resizing)
    limits: Limits = DEFAULT_LIMITS
    shards: int | None = None
    outcomes: OutcomesFormat = "csv"
    retry_failed: bool = False
    workers: int | None = None
    limit: int | None = None


def fetch_table(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    how: Fetching,
    *,
    url_column: str | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    stop: Stop = lambda: False,
) -> FetchReport:
    """Fetch every URL of a table into the folder `out`, and write the table of outcomes there.

    What an earlier run over `out` settled is not asked for again. When `stop` turns true,
    what is under way is dropped and the outcomes so far are written.

    Raises `SourceError` for the table, `UsageError` when another run is at `out` or began it
    with other settings, `StorageFullError`; what was written before stays.
    """
    table = UrlTable(os.fspath(path), url_column, how.limit)
    _allow_sockets(how.pace.at_once)
    folder = made_folder(out)
    with closing(journal_in(folder, how)) as journal:
        survey = Survey(table)
        progress = Progress()
        keeper = keeper_in(folder, how, journal)
        workers = how.workers or cores()
        pool = ResizePool(how.resizing, workers=workers, limits=how.limits)
        with closing(pool), closing(keeper):
            downloads = Downloads(how.policy, how.pace, journal, keeper, pool, progress)
            asyncio.run(
                downloads.run(
                    table,
                    survey,
                    retry_failed=how.retry_failed,
                    on_progress=on_progress,
                    stop=stop,
                )
            )
        outcomes = folder / f"outcomes.{how.outcomes}"
        report = FetchReport(table=table.path, outcomes=str(outcomes))
        report.interrupted = downloads.stopped
        report.asked, report.known = progress.settled, progress.known
        report.retried, report.bytes = progress.retried, progress.bytes
        write_outcomes(outcomes, table, survey, journal, report)
        report.seconds = progress.seconds
        return report


def made_folder(out: str | os.PathLike[str]) -> Path:
    """The folder for what is fetched. Raises `UsageError` for a file, `LookalikeError`."""
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{str(folder)!r} is a file: --out is the folder for what is fetched.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LookalikeError(f"{str(folder)!r} cannot be made: {error.strerror}.") from error
    return folder


def journal_in(folder: Path, how: Fetching) -> Journal:
    """The journal of all runs into a folder. Raises `UsageError` where they went otherwise."""
    return Journal(folder / JOURNAL, {**asdict(how.resizing), "shards": how.shards})


def keeper_in(folder: Path, how: Fetching, journal: Journal) -> Keeper:
    """What puts images into a folder: one by one, or into shards, on from the journal's last."""
    if how.shards is None:
        return FolderKeeper(folder)
    return ShardKeeper(folder, how.shards, journal.mark())


def _allow_sockets(at_once: int) -> None:
    """Raise the limit on open files where it is too low; `UsageError` where it cannot be."""
    if sys.platform == "win32":
        return
    import resource

    needed = SOCKETS_EACH * at_once + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        if hard != resource.RLIM_INFINITY and hard < needed:
            raise UsageError(
                f"--at-once {at_once} may need {needed:,} open files, and {hard:,} are allowed "
                "here (ulimit -n). Use a smaller number."
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
