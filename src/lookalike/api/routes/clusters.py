"""`/v1/clusters` and `/v1/cluster`: groups of images that look alike, their members and names."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from lookalike.api.kept import kept_answer
from lookalike.api.places import without_places
from lookalike.api.problems import NOT_CHANGED, NotMadeError, NotThereError, responses
from lookalike.api.routes.images import known
from lookalike.api.schemas import MOST, Asked, ImagesAnswer
from lookalike.api.service import ServiceOf
from lookalike.errors import FilterError, UnknownNameError
from lookalike.library.clustering import COLUMN
from lookalike.library.library import Library
from lookalike.store.records import ImageRecord

router = APIRouter(prefix="/v1", tags=["clusters"])
Name = Annotated[str, Field(min_length=1, max_length=200)]


class ClusterOut(BaseModel):
    """A cluster: ids of its most central and most diverse images, and words that tell it apart.

    `cohesion` is the mean cosine to its centre, up to 1.
    """

    name: str
    images: int
    cohesion: float
    words: list[str]
    central: list[str]
    diverse: list[str]


class ClustersAnswer(BaseModel):
    """The clusters, the largest first; `strays` images are in none of them."""

    space: str
    method: str
    strays: int
    clusters: list[ClusterOut]


class Members(Asked):
    """Which members of a cluster: `count` after `after`."""

    name: Name
    count: Annotated[int, Field(ge=1, le=MOST)] = 100
    after: Annotated[int, Field(ge=0, le=2**62)] = 0


class Rename(Asked):
    """The new name of a cluster, which it keeps when clusters are found anew."""

    name: Name


class ClusterNamed(BaseModel):
    """The name as it is kept, and how many different contents the cluster has."""

    name: str
    contents: int


@router.get("/clusters", responses=responses(404) | NOT_CHANGED, response_model=ClustersAnswer)
async def clusters(request: Request, service: ServiceOf) -> Response:
    """The clusters as they were found last; 404 before that. A job of kind `clusters` does."""
    library = service.library
    return await kept_answer(
        request,
        service.lanes.quick,
        service.kept,
        lambda: library.version,
        partial(_listed, library),
    )


@router.get("/cluster", responses=responses(404))
async def cluster(asked: Annotated[Members, Query()], service: ServiceOf) -> ImagesAnswer:
    """The images of one cluster, in the order in which they were added."""
    records = await service.lanes.quick.run(partial(_members, service.library, asked))
    more = records[-1].key if len(records) == asked.count else None
    return ImagesAnswer(images=[known(image) for image in records], next=more)


@router.patch("/cluster", responses=responses(404, 409, 415, 507))
async def rename(
    name: Annotated[Name, Query()], change: Rename, service: ServiceOf
) -> ClusterNamed:
    """Give a cluster a name."""
    job = partial(_renamed, service.library, name, change.name)
    contents = await service.lanes.writes.run(job)
    return ClusterNamed(name=change.name.strip(), contents=contents)


def _listed(library: Library) -> ClustersAnswer:
    found = library.kept_clusters()
    if found is None:
        raise NotMadeError("clusters")
    return ClustersAnswer(
        space=found.space,
        method=found.method,
        strays=found.strays,
        clusters=[
            ClusterOut(
                name=one.name,
                images=one.images,
                cohesion=round(one.cohesion, 4),
                words=without_places(one.words),
                central=one.central,
                diverse=one.diverse,
            )
            for one in found.clusters
        ],
    )


def _members(library: Library, asked: Members) -> list[ImageRecord]:
    where = f"derived.{COLUMN} = {_quoted(asked.name)}"
    try:
        found = library.images(asked.count, after=asked.after, where=where)
    except FilterError as error:  # there is no such column
        raise NotMadeError("clusters") from error
    if not found and not asked.after:
        raise NotThereError(f"There is no cluster {asked.name!r}.")
    return found


def _renamed(library: Library, old: str, new: str) -> int:
    try:
        return library.name_cluster(old, new)
    except UnknownNameError as error:
        raise NotThereError(str(error)) from error


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
