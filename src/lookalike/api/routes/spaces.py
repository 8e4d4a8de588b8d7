"""`/v1/spaces`: the ways of seeing that a library has."""

from __future__ import annotations

import re

from fastapi import APIRouter

from lookalike.api.problems import responses
from lookalike.api.schemas import SpaceOut, SpacesAnswer
from lookalike.api.service import ServiceOf
from lookalike.library.library import Library

router = APIRouter(prefix="/v1", tags=["spaces"])
_FOLDERS = re.compile(r"(?<=:)[^|]*[/\\](?=[^/\\|]+)")


@router.get("/spaces", responses=responses())
async def spaces(service: ServiceOf) -> SpacesAnswer:
    """All spaces, oldest first."""
    return await service.lanes.quick.run(lambda: _spaces(service.library))


def _spaces(library: Library) -> SpacesAnswer:
    held, default = library.info().spaces, library.space.name
    return SpacesAnswer(
        spaces=[
            SpaceOut(
                name=space.name,
                model=_named(space.spec),
                dim=space.dim,
                metric=space.metric,
                bits=space.of_bits,
                vectors=held.get(space.name, 0),
                default=space.name == default,
            )
            for space in library.spaces()
        ]
    )


def _named(spec: str) -> str:
    """A model's spec without the folders of its file."""
    return _FOLDERS.sub("", spec) if spec.startswith(("onnx:", "keras:", "torch:")) else spec
