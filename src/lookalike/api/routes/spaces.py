"""`/v1/spaces`: the ways of seeing that a library has."""

from __future__ import annotations

import re

from fastapi import APIRouter

from lookalike.api.problems import responses
from lookalike.api.schemas import IndexOut, SpaceOut, SpacesAnswer
from lookalike.api.service import Service, ServiceOf
from lookalike.library.library import Library

router = APIRouter(prefix="/v1", tags=["spaces"])
_FOLDERS = re.compile(r"(?<=:)[^|]*[/\\](?=[^/\\|]+)")


@router.get("/spaces", responses=responses())
async def spaces(service: ServiceOf) -> SpacesAnswer:
    """All spaces, oldest first."""
    return await service.lanes.quick.run(lambda: SpacesAnswer(spaces=described(service)))


def described(service: Service) -> list[SpaceOut]:
    """What is known of each space of the library."""
    library = service.library
    held, default = library.info().spaces, library.space.name
    return [
        SpaceOut(
            name=space.name,
            model=_named(space.spec),
            dim=space.dim,
            metric=space.metric,
            bits=space.of_bits,
            vectors=held.get(space.name, 0),
            default=space.name == default,
            words=service.knows_words(space),
            calibrated=library.is_calibrated(space.name),
            mapped=library.map_mark(space.name) is not None,
            index=_index(library, space.name),
        )
        for space in library.spaces()
    ]


def _index(library: Library, space: str) -> IndexOut | None:
    report = library.index_report(space=space)
    if report is None:
        return None
    return IndexOut(
        engine=report.engine,
        vectors=report.vectors,
        recall=round(report.measured["recall"], 4),
        k=report.measured["k"],
        wanted_recall=report.wanted_recall,
    )


def _named(spec: str) -> str:
    """A model's spec without the folders of its file."""
    return _FOLDERS.sub("", spec) if spec.startswith(("onnx:", "keras:", "torch:")) else spec
