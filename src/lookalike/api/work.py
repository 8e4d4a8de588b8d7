"""What jobs do: add many images, lay out the map, find clusters and duplicates, index."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from lookalike.api.crowded import CrowdedError
from lookalike.api.jobs import Job, Result, StoppedError
from lookalike.api.lanes import Done
from lookalike.api.service import Service
from lookalike.errors import DuplicateIdError, ImageRejectedError, MissingExtraError
from lookalike.explore.duplicates import Level
from lookalike.library.index_building import Hear
from lookalike.store.records import ImageRecord
from lookalike.types import REASONS, Outcome, Reference, Rejected, Web, outcome_kind

if TYPE_CHECKING:
    from lookalike.fetch.ahead import Ahead, Arrival

AT_ONCE = 32
"""Images that are fetched, then stored, before others may write."""
SHOWN = 1000
"""Images that could not be added and are named one by one."""
_TICK = 0.2


async def lay_out(
    service: Service, space: str | None, method: str | None, refresh: bool, job: Job
) -> Result:
    """Lay the map out, or put in what is new; by `pca` where nothing else is installed.

    What is there by t-SNE is not laid out by `pca` unless it was to be laid out anew.
    """
    draw = partial(service.library.map, space, refresh=refresh, on_step=job.advance)
    if method is None and service.library.map_mark(space) is None and find_spec("openTSNE") is None:
        method = "pca"
    try:
        return (await service.lanes.long.run(partial(draw, method=method))).as_dict()
    except MissingExtraError:
        if method is not None or not refresh:
            raise
        return (await service.lanes.long.run(partial(draw, method="pca"))).as_dict()


async def group(
    service: Service,
    space: str | None,
    method: str | None,
    k: int | None,
    refresh: bool,
    job: Job,
) -> Result:
    """Find clusters, or let what is new join them."""
    find = partial(
        service.library.clusters, space, method=method, k=k, refresh=refresh, on_step=job.advance
    )
    found = await service.lanes.long.run(find)
    return {
        "clusters": len(found.clusters),
        "strays": found.strays,
        "joined": found.assigned,
        "lost": found.lost,
    }


async def find_duplicates(
    service: Service, level: Level, space: str | None, across: str | None, job: Job
) -> Result:
    """Find near-duplicates; they are then what `/v1/duplicates` shows."""
    find = partial(
        service.library.duplicates,
        level,
        space=space,
        across=across,
        keep=True,
        on_step=job.advance,
        stop=lambda: job.stopped,
    )
    found = await service.lanes.long.run(find)
    if job.stopped:
        raise StoppedError("This job was stopped.")
    return {"groups": len(found.groups), "compared": found.found.compared}


async def index(service: Service, space: str | None, engine: str | None, job: Job) -> Result:
    """Bring the index up to date, or build one: of `engine`, or of what fits."""
    library = service.library
    hear = Hear(on_step=job.advance, stop=lambda: job.stopped)

    def built() -> dict[str, Any]:
        if engine is None and library.index_report(space=space) is not None:
            fresh = library.refresh_index(space=space, hear=hear)
            report = fresh or library.index_report(space=space)
        else:
            report = library.build_index(engine or "auto", space=space, hear=hear)
        return {} if report is None else report.as_dict()

    return await service.lanes.long.run(built)


async def add_urls(service: Service, references: Sequence[Reference], job: Job) -> Result:
    """Add images of the web, some at a time; each of these is stored before the next."""
    from lookalike.fetch.ahead import Ahead

    lane, tally = service.lanes.long, Tally(len(references), job)
    ahead = await lane.run(lambda: Ahead(service.library.fetch_policy()))
    try:
        for start in range(0, len(references), AT_ONCE):
            some = references[start : start + AT_ONCE]
            arrived, lost = await lane.run(partial(_arrived, ahead, some, job))
            outcomes, taken = await _written(service, partial(_add_many, service, arrived))
            tally.count(outcomes)
            tally.refuse(lost)
            tally.refuse_taken(taken)
            tally.advance(len(some))
    finally:
        await lane.run(ahead.close)
    return tally.as_dict()


async def add_uploads(
    service: Service, images: Sequence[tuple[str, bytes]], label: str | None, job: Job
) -> Result:
    """Add image files (name, bytes); each is stored before the next."""
    tally = Tally(len(images), job)
    for name, data in images:
        try:
            await _written(service, partial(_add, service, data, label))
            tally.stored()
        except ImageRejectedError as error:
            tally.refuse([Rejected(name, "", error.reason)])
        except DuplicateIdError:
            tally.refuse_taken([name])
        tally.advance(1)
    return tally.as_dict()


class Tally:
    """What became of images, counted, and those that could not be added by name."""

    def __init__(self, total: int, job: Job) -> None:
        self._total, self._job, self._done = total, job, 0
        self._counts: Counter[str] = Counter()
        self._refused: list[dict[str, str]] = []
        job.advance("adding", 0, total)

    def count(self, outcomes: Sequence[Outcome]) -> None:
        """Count what became of images."""
        self._counts.update(outcome_kind(one) for one in outcomes if not isinstance(one, Rejected))
        self.refuse([one for one in outcomes if isinstance(one, Rejected)])

    def stored(self) -> None:
        """Count one image that is in the library now."""
        self._counts["embedded"] += 1

    def refuse(self, rejected: Sequence[Rejected]) -> None:
        """Count and name images that cannot be used."""
        self._counts["rejected"] += len(rejected)
        self._name([(one.id, one.reason, REASONS[one.reason]) for one in rejected])

    def refuse_taken(self, ids: Sequence[str]) -> None:
        """Name and count images whose id is that of another."""
        self._counts["taken"] += len(ids)
        self._name([(id_, "taken", "another image has this id") for id_ in ids])

    def advance(self, more: int) -> None:
        """Go on by so many images. Raises `StoppedError`."""
        self._done += more
        self._job.advance("adding", self._done, self._total)

    def as_dict(self) -> dict[str, Any]:
        """The counts, and up to 1,000 of those that were refused."""
        kinds = ("embedded", "duplicate", "unchanged", "rejected", "taken")
        return {**{kind: self._counts[kind] for kind in kinds}, "refused": self._refused}

    def _name(self, refused: Sequence[tuple[str, str, str]]) -> None:
        for id_, reason, meaning in refused[: SHOWN - len(self._refused)]:
            self._refused.append({"id": id_, "reason": reason, "meaning": meaning})


async def _written(service: Service, write: Callable[[], Done]) -> Done:
    """What a write gives, once there is room for it in its lane."""
    while True:
        try:
            return await service.lanes.writes.run(write)
        except CrowdedError as error:
            await asyncio.sleep(error.seconds)


def _add_many(service: Service, references: Sequence[Reference]) -> tuple[list[Outcome], list[str]]:
    return service.uploader().add_many(references)


def _add(service: Service, data: bytes, label: str | None) -> ImageRecord:
    return service.uploader().add(data, label=label)


def _arrived(
    ahead: Ahead, references: Sequence[Reference], job: Job
) -> tuple[list[Reference], list[Rejected]]:
    """Images with their bytes, and those that cannot be had. Raises `StoppedError` soon."""
    under_way: list[tuple[Reference, str, Future[Arrival]]] = [
        (one, one.location.url, ahead.submit(one.location.url))
        for one in references
        if isinstance(one.location, Web)
    ]
    while wait([future for *_, future in under_way], _TICK).not_done:
        if job.stopped:
            raise StoppedError("This job was stopped.")
    arrived, lost = [], []
    for one, url, future in under_way:
        try:
            data = future.result().read()
            arrived.append(Reference(one.id, Web(url, data), one.label, one.meta))
        except ImageRejectedError as error:
            lost.append(Rejected(one.id, url, error.reason))
    return arrived, lost
