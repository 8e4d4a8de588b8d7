"""Embeds one slice of a source and writes it as one Parquet file: whole, or not at all."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from lookalike.embed.pipeline import Pipeline
from lookalike.embed.report import Report
from lookalike.embed.resources import Resources
from lookalike.errors import LookalikeError, SourceError, UsageError
from lookalike.images.pool import DecodePool
from lookalike.scale.files import (
    COUNTS,
    Shard,
    ShardReport,
    finished,
    read_shard,
    refuse_another_job,
    shard_name,
)
from lookalike.scale.filling import shard_rows
from lookalike.scale.job import Job, slice_of
from lookalike.scale.storage import Storage
from lookalike.types import Embedded, Known, Outcome, Rejected, Stop


class ShardMaker:
    """Makes shards of a job one after the other; network and decoders stay open between them.

    Raises `UsageError`, `UnknownNameError`, `ModelError`, `MissingExtraError`.
    """

    def __init__(self, job: Job, using: Resources | None = None) -> None:
        self._job = job
        self._using = using or Resources()
        self._way = job.way()
        self._space = job.space(self._way)
        self._storage = Storage(job.out)
        self._embedder = self._using.lazy_embedder(self._way)
        self._pool: DecodePool | None = None

    def done(self, number: int) -> ShardReport | None:
        """The report of a shard that is there and whole. Raises `UsageError` for another job's."""
        told = self._job.told(self._job.opened(), self._space)
        shard = _done_before(self._storage, shard_name(number, self._job.shards), told)
        return None if shard is None else _report_of(shard, self._storage)

    def write(
        self,
        number: int,
        on_progress: Callable[[Report], None] = lambda _: None,
        stop: Stop = lambda: False,
    ) -> ShardReport:
        """Embed the images of one shard and write it; see `write_shard`."""
        job, storage = self._job, self._storage
        if not 1 <= number <= job.shards:
            raise UsageError(f"There is no shard {number} of {job.shards}; the first is 1.")
        done = self.done(number)
        if done is not None:
            return done
        name, source = shard_name(number, job.shards), job.opened()
        told = job.told(source, self._space)
        report = Report(source=source.uri, library=job.out, space=self._space.name)
        began_ns = time.time_ns()  # what changes from now on is looked at again by a library
        places: defaultdict[str, list[int]] = defaultdict(list)
        written = _Written()
        try:
            with storage.writing(name) as file, shard_rows(file, self._space) as rows:
                pipeline = Pipeline(
                    self._decoders(), self._embedder.get, written, self._using.fetch
                )
                for outcomes in pipeline.run(slice_of(source, job, number, places), stop):
                    written.note(outcomes)
                    rows.add([(_place(outcome, places), outcome) for outcome in outcomes])
                    report.count(outcomes)
                    on_progress(report)
                if stop():
                    raise _StoppedError
                report.notes.extend(source.notes)
                if report.embedded and self._way.model.note:
                    report.notes.append(self._way.model.note)
                facts = {"number": number, "told": told, "began_ns": began_ns, **_counts(report)}
                rows.end({**facts, "fingerprint": self._space.fingerprint})
        except _StoppedError:
            report.interrupted = True
        else:
            storage.tidy(name)
        return ShardReport(
            number=number,
            shards=job.shards,
            file=f"{storage.url}/{name}",
            seconds=round(report.seconds, 3),
            interrupted=report.interrupted,
            **_counts(report),
        )

    def close(self) -> None:
        """Let the network and the decoders go."""
        self._embedder.close()
        if self._pool is not None:
            self._pool.close()

    def __enter__(self) -> ShardMaker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _decoders(self) -> DecodePool:
        if self._pool is None:
            self._pool = self._using.pool(
                self._way.model.preprocessing, thumbnails=self._job.thumbnails
            )
        return self._pool


def write_shard(
    job: Job,
    number: int,
    using: Resources | None = None,
    on_progress: Callable[[Report], None] = lambda _: None,
    stop: Stop = lambda: False,
) -> ShardReport:
    """Embed the images of shard `number`, from 1, and write them to `job.out`.

    A shard that is there is left as it is. The file appears under its name when all of it is
    written; when `stop` turns true, nothing is. Memory grows by some 220 bytes for each image
    of the shard.

    Raises `UsageError` where the folder holds shards of another job, `SourceError`,
    `DuplicateIdError`, `ModelError`, `MissingExtraError`.
    """
    with ShardMaker(job, using) as maker:
        return maker.write(number, on_progress, stop)


def _counts(report: Report) -> dict[str, Any]:
    return {**{name: getattr(report, name) for name in COUNTS}, "reasons": dict(report.reasons)}


def _report_of(shard: Shard, storage: Storage) -> ShardReport:
    """What became of a shard that was finished before."""
    return ShardReport(
        number=shard.number,
        shards=shard.shards,
        file=f"{storage.url}/{shard.name}",
        seconds=0.0,
        again=True,
        **shard.counts,
    )


def _done_before(storage: Storage, name: str, told: Mapping[str, object]) -> Shard | None:
    """The shard, if it is there and whole; a shard of another job beside it is refused."""
    there = finished(storage)
    for other in {name, *there[:1]} & set(there):
        with suppress(SourceError):  # a damaged one is made again
            shard = read_shard(storage, other)
            refuse_another_job(shard, told, storage)
            if other == name:
                return shard
    return None


def _place(outcome: Outcome, places: defaultdict[str, list[int]]) -> int:
    """The place that an image had in the source; it is forgotten."""
    id_ = outcome.id if isinstance(outcome, Rejected) else outcome.reference.id
    waiting = places[id_]
    place = waiting.pop(0)
    if not waiting:
        del places[id_]
    return place


class _StoppedError(LookalikeError):
    """Somebody asked to stop: the file at hand is not finished."""


class _Written:
    """What the pipeline may know of this shard: the contents that are in it."""

    def __init__(self) -> None:
        self._digests: defaultdict[int, list[bytes]] = defaultdict(list)

    def known(self, _: Sequence[str]) -> Mapping[str, Known]:
        return {}

    def digests_of_size(self, sizes: Collection[int]) -> Mapping[int, Sequence[bytes]]:
        return {size: self._digests[size] for size in sizes if size in self._digests}

    def note(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            if isinstance(outcome, Embedded):
                self._digests[outcome.content.size].append(outcome.content.sha256)
