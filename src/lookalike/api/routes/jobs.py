"""`/v1/jobs`: long work, how far it is, and a stop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Path, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from lookalike.api import work
from lookalike.api.jobs import ENDED, Job, State, Work
from lookalike.api.problems import responses
from lookalike.api.schemas import AddUrl, Asked, Label
from lookalike.api.service import Service, ServiceOf
from lookalike.errors import UsageError
from lookalike.explore.duplicates import Level
from lookalike.search.query import URL_PREFIXES
from lookalike.types import Reference, Web, readable

router = APIRouter(prefix="/v1", tags=["jobs"])
Name = Annotated[str, Field(max_length=200)]
JobId = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="The id of a job.")]
MOST_URLS = 5000
MOST_FILES = 500
LISTENERS = 64
_TICK = 0.2
_SILENCE = 15.0
"""Seconds after which a listener is told that the server is still there."""


class AddJob(Asked):
    """Add images from the web; their files are not kept."""

    kind: Literal["add"]
    images: Annotated[list[AddUrl], Field(min_length=1, max_length=MOST_URLS, fail_fast=True)]


class MapJob(Asked):
    """Lay out the map of a space, or put in what is new; `refresh` lays it out anew."""

    kind: Literal["map"]
    space: Name | None = None
    method: Literal["tsne", "pca"] | None = None
    refresh: bool = False


class ClustersJob(Asked):
    """Find clusters, or let new images join them; `k`, `method` and `refresh` find them anew."""

    kind: Literal["clusters"]
    space: Name | None = None
    method: Literal["kmeans", "density"] | None = None
    k: Annotated[int, Field(ge=1, le=1000)] | None = None
    refresh: bool = False


class DuplicatesJob(Asked):
    """Find near-duplicates up to a level; with `across`, a column, only pairs that differ in it."""

    kind: Literal["duplicates"]
    level: Level = "picture"
    space: Name | None = None
    across: Name | None = None


class IndexJob(Asked):
    """Bring the index of a space up to date, or build one of `engine`."""

    kind: Literal["index"]
    space: Name | None = None
    engine: Name | None = None


JobRequest = Annotated[
    AddJob | MapJob | ClustersJob | DuplicatesJob | IndexJob, Field(discriminator="kind")
]


class UploadsForm(Asked):
    """Image files to be added; each gets an id made of its bytes."""

    image: Annotated[list[UploadFile], Field(min_length=1, max_length=MOST_FILES)]
    label: Label | None = None


class JobOut(BaseModel):
    """A job. Moments are in Unix seconds; `done` of `total` of a `step`, `rate` of it a second.

    `result` says what came of it, `problem` is the one that an answer would have had.
    """

    id: str
    kind: str
    state: State
    step: str
    done: int
    total: int
    rate: float
    made: float
    started: float | None
    ended: float | None
    result: dict[str, Any] | None
    problem: dict[str, Any] | None


class JobsAnswer(BaseModel):
    """The jobs that are remembered, the newest first."""

    jobs: list[JobOut]


@router.post("/jobs", status_code=202, responses=responses(415))
async def submit(asked: JobRequest, service: ServiceOf) -> JobOut:
    """Begin a job, or let it wait for those before it. Jobs do not survive a restart."""
    return shown(service.jobs.submit(asked.kind, _work(service, asked)))


@router.post("/jobs/images", status_code=202, responses=responses(415))
async def submit_images(
    form: Annotated[UploadsForm, Form(media_type="multipart/form-data")], service: ServiceOf
) -> JobOut:
    """Add many image files as a job."""
    images = [(readable(one.filename or ""), await one.read()) for one in form.image]
    work_ = partial(work.add_uploads, service, images, form.label)
    return shown(service.jobs.submit("add", work_))


@router.get("/jobs", responses=responses())
async def jobs(service: ServiceOf) -> JobsAnswer:
    """All jobs that are remembered."""
    return JobsAnswer(jobs=[shown(job) for job in service.jobs.all])


@router.get("/jobs/{id}", responses=responses(404))
async def job(id: JobId, service: ServiceOf) -> JobOut:  # noqa: A002
    """How far a job is."""
    return shown(service.jobs.get(id))


@router.delete("/jobs/{id}", responses=responses(404))
async def stop(id: JobId, service: ServiceOf) -> JobOut:  # noqa: A002
    """Stop a job at its next step; what it stored stays."""
    found = service.jobs.get(id)
    service.jobs.stop(found)
    return shown(found)


@router.get(
    "/jobs/{id}/events",
    responses=responses(404)
    | {200: {"description": "Server-sent events.", "content": {"text/event-stream": {}}}},
    response_class=StreamingResponse,
)
async def events(id: JobId, service: ServiceOf) -> StreamingResponse:  # noqa: A002
    """The job as an event `progress` whenever it went on, and as an event `end` at the end."""
    found = service.jobs.get(id)
    service.listen(LISTENERS)
    return StreamingResponse(_told(service, found), media_type="text/event-stream")


async def _told(service: Service, job: Job) -> AsyncIterator[str]:
    last, spoken = "", time.monotonic()
    try:
        while True:
            now = shown(job).model_dump_json()
            if now != last:
                event = "end" if job.state in ENDED else "progress"
                yield f"event: {event}\ndata: {now}\n\n"
                last, spoken = now, time.monotonic()
            if job.state in ENDED or service.stopping.is_set():
                return
            if time.monotonic() - spoken > _SILENCE:
                yield ": still here\n\n"
                spoken = time.monotonic()
            await asyncio.sleep(_TICK)
    finally:
        service.listeners -= 1


def _work(service: Service, asked: JobRequest) -> Work:
    match asked:
        case AddJob():
            return partial(work.add_urls, service, [_reference(one) for one in asked.images])
        case MapJob():
            return partial(work.lay_out, service, asked.space, asked.method, asked.refresh)
        case ClustersJob():
            return partial(work.group, service, asked.space, asked.method, asked.k, asked.refresh)
        case DuplicatesJob():
            return partial(work.find_duplicates, service, asked.level, asked.space, asked.across)
        case IndexJob():
            return partial(work.index, service, asked.space, asked.engine)


def _reference(image: AddUrl) -> Reference:
    if not image.url.lower().startswith(URL_PREFIXES):
        raise UsageError("A url begins with http:// or https://.")
    return Reference(readable(image.id or image.url), Web(image.url), image.label, dict(image.meta))


def shown(job: Job) -> JobOut:
    """A job as it is answered."""
    return JobOut(
        id=job.id,
        kind=job.kind,
        state=job.state,
        step=job.step,
        done=job.done,
        total=job.total,
        rate=round(job.rate, 2),
        made=round(job.made, 3),
        started=None if job.started is None else round(job.started, 3),
        ended=None if job.ended is None else round(job.ended, 3),
        result=None if job.result is None else dict(job.result),
        problem=None if job.problem is None else dict(job.problem),
    )
