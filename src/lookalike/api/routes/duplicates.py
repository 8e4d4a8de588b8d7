"""`/v1/duplicates`: groups of near-duplicates side by side, what is decided, a plan, and back."""

from __future__ import annotations

from functools import partial
from glob import escape
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from lookalike.api.problems import ConflictError, responses
from lookalike.api.routes.images import known
from lookalike.api.schemas import Asked, Id, ImageOut
from lookalike.api.service import Service, ServiceOf
from lookalike.errors import (
    LibraryBusyError,
    LibraryDamagedError,
    LibraryError,
    StorageFullError,
)
from lookalike.explore.duplicates import Group, Level
from lookalike.explore.plan import Action, Keep
from lookalike.explore.quarantine import Moved

router = APIRouter(prefix="/v1", tags=["duplicates"])
Ids = Annotated[list[Id], Field(max_length=10_000, fail_fast=True)]


class Groups(Asked):
    """Which groups: `count` of them, `offset` passed over."""

    count: Annotated[int, Field(ge=1, le=500)] = 50
    offset: Annotated[int, Field(ge=0, le=10**9)] = 0


class PairOut(BaseModel):
    """Two images of a group, by their places in it: what they share, how sure, and why."""

    first: int
    second: int
    level: Level
    score: float
    how: str


class GroupOut(BaseModel):
    """Images of which any two are near. `differs` names what is not the same for all of them."""

    level: Level
    images: list[ImageOut]
    pairs: list[PairOut]
    differs: list[str]


class DuplicatesAnswer(BaseModel):
    """The groups that are left of what was found at `made`, in Unix seconds, largest first.

    `total` counts groups, `decided` pairs that are not shown since somebody decided on them;
    `current` is false when the library changed otherwise since, and `undoable` true when a plan
    was applied that can be undone.
    """

    level: Level
    made: int
    current: bool
    undoable: bool
    total: int
    decided: int
    groups: list[GroupOut]


class Decision(Asked):
    """What somebody says of images of a group, of each two of them."""

    verdict: Literal["not-duplicates", "keep-both"]
    ids: Annotated[list[Id], Field(min_length=2, max_length=100, fail_fast=True)]


class Decided(BaseModel):
    """How many pairs the verdict is about."""

    pairs: int


class Planned(Asked):
    """How a plan is made: the rule by which one of each group stays, and what goes against it.

    The images of `stay` always stay; those of `drop` go, where another of their group stays.
    """

    keep: Keep = "best"
    stay: Ids = Field([])
    drop: Ids = Field([])


class EntryOut(BaseModel):
    """One image of a plan; `match` is the one that stays in its place."""

    group: int
    id: str
    action: Action
    reason: str
    level: str
    match: str


class PlanAnswer(BaseModel):
    """What would become of each image. `digest` names the plan; `bytes` would be moved."""

    digest: str
    moves: int
    bytes: int
    entries: list[EntryOut]


class Apply(Asked):
    """Which plan: the digest of one that was made here and is not out of date."""

    digest: Annotated[str, Field(min_length=64, max_length=64, pattern="^[0-9a-f]+$")]


class MovedAnswer(BaseModel):
    """How many files were moved."""

    files: int


@router.get("/duplicates", responses=responses(404))
async def duplicates(asked: Annotated[Groups, Query()], service: ServiceOf) -> DuplicatesAnswer:
    """The groups found last; 404 before. A job of kind `duplicates` finds them."""
    return await service.lanes.quick.run(partial(_grouped, service, asked))


@router.post("/duplicates/decisions", responses=responses(404, 409, 415, 507))
async def decide(decision: Decision, service: ServiceOf) -> Decided:
    """Say that images are no duplicates, or that both stay: they are not shown again."""
    job = partial(service.library.decide_duplicates, decision.verdict, decision.ids)
    return Decided(pairs=await service.lanes.writes.run(job))


@router.post("/duplicates/plan", responses=responses(404, 415))
async def plan(asked: Planned, service: ServiceOf) -> PlanAnswer:
    """What would go and what would stay; nothing is moved."""
    return await service.lanes.quick.run(partial(_planned, service, asked))


@router.post("/duplicates/apply", responses=responses(404, 409, 415, 507))
async def apply(asked: Apply, service: ServiceOf) -> MovedAnswer:
    """Move the files that a plan lets go into a quarantine beside the library.

    Files that are not where the library found them, in archives or on the web stay.
    """
    return await service.lanes.writes.run(partial(_applied, service, asked.digest))


@router.post("/duplicates/undo", responses=responses(409, 507))
async def undo(service: ServiceOf) -> MovedAnswer:
    """Bring the files of the plan that was applied last back, and what was known of them."""
    return await service.lanes.writes.run(partial(_undone, service))


def _grouped(service: Service, asked: Groups) -> DuplicatesAnswer:
    seen = service.duplicated.left()
    groups = seen.duplicates.groups
    return DuplicatesAnswer(
        level=seen.level,
        made=seen.made,
        current=seen.current,
        undoable=seen.undoable,
        total=len(groups),
        decided=seen.duplicates.decided,
        groups=[_group(one) for one in groups[asked.offset : asked.offset + asked.count]],
    )


def _group(group: Group) -> GroupOut:
    images = [known(image) for image in group.images]
    return GroupOut(
        level=group.level,
        images=images,
        pairs=[
            PairOut(
                first=one, second=other, level=edge.level, score=round(edge.score, 4), how=edge.how
            )
            for (one, other), edge in sorted(group.edges.items())
        ],
        differs=_differing(images),
    )


def _differing(images: list[ImageOut]) -> list[str]:
    own = ("label", "width", "height", "format", "bytes", "sha256")
    names = dict.fromkeys(name for image in images for name in image.meta)
    different = [name for name in own if len({getattr(image, name) for image in images}) > 1]
    return different + [
        f"meta.{name}"
        for name in names
        if len({repr(image.meta.get(name)) for image in images}) > 1
    ]


def _planned(service: Service, asked: Planned) -> PlanAnswer:
    made = service.duplicated.plan(asked.keep, [escape(id_) for id_ in asked.stay], set(asked.drop))
    return PlanAnswer(
        digest=made.digest,
        moves=len(made.moves),
        bytes=sum(entry.size for entry in made.moves),
        entries=[
            EntryOut(
                group=entry.group,
                id=entry.id,
                action=entry.action,
                reason=entry.reason,
                level=entry.level,
                match=entry.match,
            )
            for entry in made.entries
        ],
    )


def _applied(service: Service, digest: str) -> MovedAnswer:
    made = service.duplicated.planned(digest)
    try:
        return _moved(service.library.apply_duplicates(made))
    except (LibraryBusyError, LibraryDamagedError, StorageFullError):
        raise
    except LibraryError as error:
        raise ConflictError(
            "The plan cannot be applied: a file or the library is not what it was when the plan "
            "was made, or an earlier plan was not finished. Make a new plan, or undo the last."
        ) from error


def _undone(service: Service) -> MovedAnswer:
    try:
        return _moved(service.library.undo_duplicates())
    except (LibraryBusyError, LibraryDamagedError, StorageFullError):
        raise
    except LibraryError as error:
        raise ConflictError(
            "The last plan cannot be undone: other files lie where its files belong, or moved "
            "files are gone. On the server `lookalike duplicates --undo` says which."
        ) from error


def _moved(done: Moved) -> MovedAnswer:
    return MovedAnswer(files=done.files)
