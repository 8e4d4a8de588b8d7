"""The downloads under way: reads rows ahead, gives each host its turn, settles every URL."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from lookalike.errors import FetchError, ImageRejectedError, LookalikeError
from lookalike.fetch.body import Watch, must_be_image
from lookalike.fetch.client import SafeClient
from lookalike.fetch.journal import Journal, Outcome, Stored, url_key
from lookalike.fetch.keeping import Keeper
from lookalike.fetch.pace import Pace
from lookalike.fetch.policy import FetchPolicy, checked_url
from lookalike.fetch.report import Progress
from lookalike.fetch.robots import Robots
from lookalike.fetch.room import Room
from lookalike.fetch.table import Survey, UrlTable
from lookalike.fetch.turns import Job, Turns
from lookalike.images.resize import Resized
from lookalike.images.resize_pool import ResizePool
from lookalike.sources.columns import as_text
from lookalike.sources.rows import Row
from lookalike.types import Stop

WINDOW = 10_000
"""Rows read ahead, so that a long run of one host does not hold up the others."""
ROWS_AT_A_TIME = 200
LONGEST_NAP = 0.25


@dataclass(frozen=True, slots=True)
class _Found:
    """What a server sent; `image` is None where that content was kept before."""

    digest: bytes
    size: int
    image: Resized | None


class Downloads:
    """One run over a table; see `run`."""

    def __init__(
        self,
        policy: FetchPolicy,
        pace: Pace,
        journal: Journal,
        keeper: Keeper,
        pool: ResizePool,
        progress: Progress,
    ) -> None:
        self._policy = policy
        self._pace = pace
        self._journal = journal
        self._keeper = keeper
        self._pool = pool
        self._progress = progress
        self._turns = Turns(pace.host_connections, pace.interval)
        self._pending: set[bytes] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: LookalikeError | None = None
        self._more = True
        self.stopped = False

    async def run(
        self,
        table: UrlTable,
        survey: Survey,
        *,
        retry_failed: bool,
        on_progress: Callable[[Progress], None] | None,
        stop: Stop,
    ) -> None:
        """Settle every URL of the table that is not settled yet, or until `stop`.

        Raises the table's own errors and those of writing.
        """
        self._wake = asyncio.Event()
        self._room = Room()
        rows = table.rows()
        async with SafeClient(self._policy, per_host=self._pace.host_connections) as client:
            self._client = client
            self._robots = Robots(client)
            try:
                while not self.stopped and self._failure is None:
                    self.stopped = stop()
                    self._read_ahead(rows, table, retry_failed=retry_failed)
                    self._begin()
                    self._tell(survey, on_progress)
                    if not (self._more or self._tasks or len(self._turns)):
                        break
                    await self._nap()
            finally:
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._failure is not None:
            raise self._failure

    def _read_ahead(self, rows: Iterator[Row], table: UrlTable, *, retry_failed: bool) -> None:
        for _ in range(ROWS_AT_A_TIME):
            if not self._more or len(self._turns) >= WINDOW:
                return
            row = next(rows, None)
            if row is None:
                self._more = False
                return
            self._progress.rows += 1
            text = "" if row.problem else table.url(row)
            if text:
                self._offer(text, row, retry_failed=retry_failed)

    def _offer(self, text: str, row: Row, *, retry_failed: bool) -> None:
        """Make a job of a URL, unless it is settled or under way."""
        key = url_key(text)
        if key in self._pending:
            return
        before = self._journal.outcome(key)
        if before is not None and self._stands(before, retry_failed=retry_failed):
            self._progress.known += 1
            return
        try:
            url = checked_url(text, self._policy)
        except FetchError as error:
            self._settle(key, Outcome("failed", reason=error.reason, detail=error.detail, tries=0))
            return
        self._pending.add(key)
        self._turns.add(Job(text, key, url, row.cells))

    def _stands(self, before: Outcome, *, retry_failed: bool) -> bool:
        """Whether the outcome of an earlier run holds: its file is there, or it may stay failed."""
        return not retry_failed if before.sha256 is None else self._is_kept(before.sha256)

    def _begin(self) -> None:
        while len(self._tasks) < self._pace.at_once and self._failure is None:
            job = self._turns.take(time.monotonic())
            if job is None:
                return
            task = asyncio.create_task(self._work(job))
            self._tasks.add(task)
            task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            error = task.exception()
            if isinstance(error, LookalikeError):
                self._failure = error
            elif error is not None:
                self._failure = LookalikeError(f"A download ended in an unforeseen way: {error!r}.")
                self._failure.__cause__ = error
        self._wake.set()

    async def _nap(self) -> None:
        """Wait until a task is over or a turn has come; not at all while rows can be read."""
        if self._more and len(self._turns) < WINDOW and len(self._tasks) < self._pace.at_once:
            await asyncio.sleep(0)
            return
        seconds = LONGEST_NAP
        when = self._turns.next_time()
        if when is not None and len(self._tasks) < self._pace.at_once:
            seconds = min(seconds, max(0.0, when - time.monotonic()))
        self._wake.clear()
        timer = asyncio.get_running_loop().call_later(seconds, self._wake.set)
        await self._wake.wait()
        timer.cancel()

    async def _work(self, job: Job) -> None:
        began = time.monotonic()
        job.tries += 1
        try:
            found = await self._found(job)
        except ImageRejectedError as error:
            job.seconds += time.monotonic() - began
            if isinstance(error, FetchError) and self._again(job, error):
                return
            self._turns.done(job)
            self._fail(job, error)
        else:
            job.seconds += time.monotonic() - began
            await self._keep(job, found)
            self._turns.done(job)

    def _again(self, job: Job, error: FetchError) -> bool:
        """Let a job that failed for a passing reason wait for another try."""
        wait = self._pace.wait(error, job.tries)
        if wait is None:
            return False
        now = time.monotonic()
        self._progress.retried += 1
        if error.retry_after:
            self._turns.pause(job, now + error.retry_after)
        self._turns.add_later(job, now + wait)
        self._turns.done(job)
        return True

    async def _found(self, job: Job) -> _Found:
        """Download, check and resize one image. Raises `ImageRejectedError`."""
        if self._pace.robots:
            delay = await self._robots.check(job.url)
            self._turns.pause(job, time.monotonic() + delay)
        async with self._room.claim() as claim:
            watch = Watch(
                headers=self._robots.check_headers if self._pace.robots else None,
                start=must_be_image,
                large=claim.need,
            )
            last = self._turns.is_last(job)
            data = (await self._client.image(job.text, watch, last=last)).body
            digest = hashlib.sha256(data).digest()
            if self._is_kept(digest):
                return _Found(digest, len(data), None)
            image = await asyncio.wrap_future(self._pool.submit(data))
            return _Found(digest, len(data), image)

    def _is_kept(self, digest: bytes) -> bool:
        kept = self._journal.content(digest)
        return kept is not None and self._keeper.has(kept)

    async def _keep(self, job: Job, found: _Found) -> None:
        """Write the file, then the outcome."""
        stored = None
        if found.image is not None:
            cells = {name: as_text(cell) for name, cell in job.cells.items()}
            put = partial(self._keeper.keep, found.digest, found.image, {**cells, "url": job.text})
            if self._keeper.waits:
                stored = await asyncio.to_thread(put)
            if self._is_kept(found.digest):
                stored = None  # another URL brought the same content meanwhile
            elif stored is None:
                stored = put()
        outcome = Outcome(
            "duplicate" if stored is None else "fetched",
            http=200,
            size=found.size,
            sha256=found.digest,
            tries=job.tries,
            seconds=job.seconds,
        )
        self._settle(job.key, outcome, stored)

    def _fail(self, job: Job, error: ImageRejectedError) -> None:
        outcome = Outcome(
            "failed",
            http=error.code if isinstance(error, FetchError) else 200,
            reason=error.reason,
            detail=error.detail,
            tries=job.tries,
            seconds=job.seconds,
        )
        self._settle(job.key, outcome)

    def _settle(self, key: bytes, outcome: Outcome, stored: Stored | None = None) -> None:
        mark = self._keeper.mark if stored is not None else None
        self._journal.note(key, outcome, stored, mark)
        self._pending.discard(key)
        self._progress.count(outcome)

    def _tell(self, survey: Survey, on_progress: Callable[[Progress], None] | None) -> None:
        if on_progress is not None:
            progress = self._progress
            progress.total = survey.total
            progress.active, progress.waiting = len(self._tasks), len(self._turns)
            on_progress(progress)
