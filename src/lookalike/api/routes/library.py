"""`/v1/library` and `/v1/rejects`: what the library holds, and what it could not take in."""

from __future__ import annotations

import platform
from functools import partial
from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from lookalike.api.problems import responses
from lookalike.api.questions import web_address
from lookalike.api.routes.spaces import described
from lookalike.api.schemas import MOST, Asked, Id, SpaceOut
from lookalike.api.service import Service, ServiceOf
from lookalike.search.filters.describe import ColumnInfo
from lookalike.store.column import Kind
from lookalike.store.fields import Origin
from lookalike.types import REASONS

router = APIRouter(prefix="/v1", tags=["library"])
_SOURCE = ("image", "source")


class Versions(BaseModel):
    """Of the program, of Python, and of what the library holds: it changes with each write."""

    lookalike: str
    python: str
    library: str


class RejectsOut(BaseModel):
    """How many images were rejected for a reason, and what the reason means."""

    reason: str
    meaning: str
    images: int


class ColumnOut(BaseModel):
    """A column by the name that filters use; `distinct` values, `missing` images without one."""

    name: str
    origin: Origin
    kind: Kind
    distinct: int
    missing: int
    examples: list[str]


class LibraryAnswer(BaseModel):
    """What the library holds. `contents` counts images of different bytes; sizes are in bytes.

    `compared` says whether near-duplicates were ever looked for.
    """

    name: str
    images: int
    contents: int
    rejects: list[RejectsOut]
    spaces: list[SpaceOut]
    columns: list[ColumnOut]
    database_bytes: int
    cache_bytes: int
    compared: bool
    versions: Versions


class Rejects(Asked):
    """Which rejects are listed: `count` of them after the id `after`, maybe of one reason."""

    count: Annotated[int, Field(ge=1, le=MOST)] = 100
    after: Annotated[str, Field(max_length=4096)] = ""
    reason: Annotated[str, Field(max_length=100)] | None = None


class RejectOut(BaseModel):
    """An image that could not be used. `seen` is when, in Unix seconds."""

    id: Id
    url: str | None
    reason: str
    meaning: str
    seen: int


class RejectsAnswer(BaseModel):
    """Rejects by id; `next` goes on as `after`."""

    rejects: list[RejectOut]
    next: str | None


@router.get("/library", responses=responses())
async def library(service: ServiceOf) -> LibraryAnswer:
    """How much there is, of what, and what can be asked of it."""
    return await service.lanes.quick.run(partial(_told, service))


@router.get("/rejects", responses=responses())
async def rejects(asked: Annotated[Rejects, Query()], service: ServiceOf) -> RejectsAnswer:
    """What was offered and could not be used, and why."""
    some = partial(service.library.rejects_after, asked.after, asked.count, asked.reason)
    found = await service.lanes.quick.run(some)
    return RejectsAnswer(
        rejects=[
            RejectOut(
                id=one.id,
                url=web_address(one.uri),
                reason=one.reason,
                meaning=REASONS.get(one.reason, ""),
                seen=one.seen_ns // 10**9,
            )
            for one in found
        ],
        next=found[-1].id if len(found) == asked.count else None,
    )


def _told(service: Service) -> LibraryAnswer:
    held = service.library.info()
    now = service.library.version
    columns = service.columns()
    return LibraryAnswer(
        name=service.name,
        images=held.images,
        contents=held.contents,
        rejects=[
            RejectsOut(reason=reason, meaning=REASONS.get(reason, ""), images=count)
            for reason, count in held.rejects.items()
        ],
        spaces=described(service),
        columns=[
            _column(one)
            for one in columns
            if (one.origin, one.name.removeprefix("image.")) != _SOURCE
        ],
        database_bytes=held.database_bytes,
        cache_bytes=held.cache_bytes,
        compared=service.library.has_kept_duplicates,
        versions=Versions(
            lookalike=version("lookalike"), python=platform.python_version(), library=now
        ),
    )


def _column(column: ColumnInfo) -> ColumnOut:
    return ColumnOut(
        name=column.name,
        origin=column.origin,
        kind=column.kind,
        distinct=column.distinct,
        missing=column.missing,
        examples=list(column.examples),
    )
