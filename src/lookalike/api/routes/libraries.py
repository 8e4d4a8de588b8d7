"""`/v1/libraries`: the libraries under this server; what is below a name is answered by it."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter
from pydantic import BaseModel

from lookalike.api.problems import responses
from lookalike.api.service import Service, ServicesOf

router = APIRouter(prefix="/v1", tags=["libraries"])


class LibraryOut(BaseModel):
    """A library. `path` is where it is asked; the `default` one is asked at `/v1` too."""

    name: str
    path: str
    images: int
    default: bool


class LibrariesAnswer(BaseModel):
    """All libraries, in the order in which they were named."""

    libraries: list[LibraryOut]


@router.get("/libraries", responses=responses())
async def libraries(services: ServicesOf) -> LibrariesAnswer:
    """What may stand for NAME in `/v1/libraries/NAME/...`, where every route of `/v1/...` is."""
    return await services[0].lanes.quick.run(partial(_listed, services))


def _listed(services: list[Service]) -> LibrariesAnswer:
    return LibrariesAnswer(
        libraries=[
            LibraryOut(
                name=service.name,
                path=f"/v1/libraries/{service.name}",
                images=len(service.library),
                default=service is services[0],
            )
            for service in services
        ]
    )
