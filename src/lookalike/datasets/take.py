"""Keeps the images of a data set: checked, resized, put into a folder or shards, told of."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lookalike.cores import cores
from lookalike.datasets.about import Dataset
from lookalike.errors import ImageRejectedError
from lookalike.fetch.journal import Journal, Outcome, Status, Stored, url_key
from lookalike.fetch.keeping import Keeper
from lookalike.fetch.outcomes import FIELDS, outcome_cells
from lookalike.fetch.report import FetchReport, Progress
from lookalike.fetch.run import Fetching, journal_in, keeper_in, made_folder
from lookalike.images.read import read_bytes
from lookalike.images.resize import Resized
from lookalike.images.resize_pool import ResizePool
from lookalike.sources.columns import ColumnKinds, Kind
from lookalike.sources.jsonl import jsonl_rows
from lookalike.sources.seen import Seen
from lookalike.tables.writing import writing_table
from lookalike.types import Reference, Rejected, Scalar, Stop

AHEAD = 4
"""Images under way for each worker."""
TELL_SECONDS = 0.25
TAKEN = frozenset({"id", "label", *FIELDS})
"""Columns of the table of outcomes; a fact of that name gets `meta_` in front."""


@dataclass(frozen=True, slots=True)
class _Image:
    """One image on its way: `key` in the journal, and its new bytes when they are ready."""

    id: str
    key: bytes
    cells: Mapping[str, Scalar]
    size: int = 0
    digest: bytes = b""
    ready: Future[Resized] | None = None
    failed: Outcome | None = None


def keep_images(
    dataset: Dataset,
    out: str | os.PathLike[str],
    how: Fetching,
    *,
    split: str | None = None,
    count: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    stop: Stop = lambda: False,
) -> FetchReport:
    """Bring images of a data set into the folder `out`, as `fetch_table` does it for URLs.

    `outcomes.csv` has `id`, `label`, `split` and other facts of each, and its file; the id is
    `SPLIT/...`. What an earlier run kept is not read again. Raises `SourceError`, `UsageError`,
    `MissingExtraError`, `StorageFullError`.
    """
    folder = made_folder(out)
    name = dataset.about.name
    with closing(journal_in(folder, how)) as journal:
        keeper = keeper_in(folder, how, journal)
        workers = how.workers or cores()
        pool = ResizePool(how.resizing, workers=workers, limits=how.limits)
        report = FetchReport(table=name, outcomes=str(folder / f"outcomes.{how.outcomes}"))
        notes = folder / "outcomes.rows.part.jsonl"
        taking = _Taking(name, how, journal, keeper, pool, report)
        with closing(pool), closing(keeper), closing(Seen()) as seen:
            try:
                with notes.open("w", encoding="utf-8") as rows:
                    offers = dataset.offers(split, count)
                    for cells in taking.run(offers, seen, workers, on_progress, stop):
                        rows.write(json.dumps(cells) + "\n")
                _write(notes, Path(report.outcomes))
            finally:
                notes.unlink(missing_ok=True)
        report.seconds = taking.progress.seconds
        return report


class _Taking:
    """One run; `run` gives the rows of the table of outcomes, in the order of the data set."""

    def __init__(
        self,
        name: str,
        how: Fetching,
        journal: Journal,
        keeper: Keeper,
        pool: ResizePool,
        report: FetchReport,
    ) -> None:
        self._name = name
        self._how = how
        self._journal = journal
        self._keeper = keeper
        self._pool = pool
        self._report = report
        self.progress = Progress()

    def run(
        self,
        offers: Iterator[Reference | Rejected],
        seen: Seen,
        workers: int,
        on_progress: Callable[[Progress], None] | None,
        stop: Stop,
    ) -> Iterator[dict[str, Any]]:
        waiting: deque[_Image] = deque()
        told = time.monotonic()
        for number, offer in enumerate(offers, 1):
            if stop():
                self._report.interrupted = True
                break
            self.progress.rows += 1
            waiting.append(self._begin(offer, number, seen))
            if len(waiting) >= AHEAD * workers:
                yield self._end(waiting.popleft())
            if on_progress is not None and time.monotonic() - told > TELL_SECONDS:
                told = time.monotonic()
                self.progress.active = len(waiting)
                on_progress(self.progress)
        while waiting:
            yield self._end(waiting.popleft())

    def _begin(self, offer: Reference | Rejected, number: int, seen: Seen) -> _Image:
        """Start on an image, unless the journal knows what became of it."""
        split = offer.meta.get("split") if isinstance(offer, Reference) else None
        id_ = f"{split}/{offer.id}" if split else offer.id
        if seen.earlier(id_, number, "") is not None:
            id_ = f"{id_} ({number})"
        key = url_key(f"{self._name}\0{id_}")
        if isinstance(offer, Rejected):
            return _Image(id_, key, {}, failed=_failure(offer.reason, offer.detail))
        cells: dict[str, Scalar] = {"label": offer.label}
        for name, value in offer.meta.items():
            cells[f"meta_{name}" if name in TAKEN else name] = value
        before = self._journal.outcome(key)
        if before is not None and self._stands(before):
            self.progress.known += 1
            self._report.known += 1
            return _Image(id_, key, cells, failed=before)
        self._report.asked += 1
        try:
            data = read_bytes(offer.location, self._how.limits)
        except ImageRejectedError as error:
            return _Image(id_, key, cells, failed=_failure(error.reason, error.detail))
        digest = hashlib.sha256(data).digest()
        ready = None if self._is_kept(digest) else self._pool.submit(data)
        return _Image(id_, key, cells, len(data), digest, ready)

    def _stands(self, before: Outcome) -> bool:
        if before.sha256 is None:
            return not self._how.retry_failed
        return self._is_kept(before.sha256)

    def _is_kept(self, digest: bytes) -> bool:
        kept = self._journal.content(digest)
        return kept is not None and self._keeper.has(kept)

    def _end(self, image: _Image) -> dict[str, Any]:
        """Keep it, write its outcome down, and give its row."""
        outcome, stored = image.failed, None
        if outcome is None:
            try:
                outcome, stored = self._kept(image)
            except ImageRejectedError as error:
                outcome = _failure(error.reason, error.detail)
        if image.failed is None or image.failed.sha256 is None:
            mark = self._keeper.mark if stored is not None else None
            self._journal.note(image.key, outcome, stored, mark)
            self.progress.count(outcome)
        self._report.count(outcome)
        self._report.bytes += image.size
        if outcome.sha256 is not None:
            stored = self._journal.content(outcome.sha256)
        return {"id": image.id, **image.cells, **outcome_cells(outcome, stored, again=False)}

    def _kept(self, image: _Image) -> tuple[Outcome, Stored | None]:
        """Its outcome, and its file where its content is new."""
        resized = None if image.ready is None else image.ready.result()
        stored = None
        if resized is not None and not self._is_kept(image.digest):
            facts = {"id": image.id, **image.cells, "source": self._name}
            stored = self._keeper.keep(image.digest, resized, facts)
        status: Status = "duplicate" if stored is None else "fetched"
        return Outcome(status, size=image.size, sha256=image.digest), stored


def _failure(reason: str, detail: str) -> Outcome:
    return Outcome("failed", reason=reason, detail=detail)


def _write(rows: Path, out: Path) -> None:
    """The table of outcomes from its rows, with one kind for each column."""
    kinds = ColumnKinds(typed=True)
    for row in jsonl_rows(str(rows)):
        kinds.observe(row.cells)
    first: dict[str, Kind | None] = dict.fromkeys(("id", "label"))
    own = {name: kind for name, kind in kinds.kinds.items() if name not in FIELDS}
    with writing_table(out, {**first, **own, **FIELDS}) as write:
        for row in jsonl_rows(str(rows)):
            write(row.cells)
