"""`/v1/map`: where each image lies in the plane, in arrays that a browser draws as they are."""

from __future__ import annotations

import base64
from functools import partial
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from lookalike.api.kept import kept_answer
from lookalike.api.places import refuse_places, refuse_places_in
from lookalike.api.problems import NOT_CHANGED, NotMadeError, responses
from lookalike.api.schemas import Asked
from lookalike.api.service import Service, ServiceOf

router = APIRouter(prefix="/v1", tags=["map"])


class Drawing(Asked):
    """Of which space, of which images, and the columns that are to be its colours."""

    space: Annotated[str, Field(max_length=200)] | None = None
    where: Annotated[str, Field(max_length=4000)] | None = None
    colour: Annotated[list[Annotated[str, Field(max_length=400)]], Field(max_length=16)] = Field([])


class ColourOut(BaseModel):
    """A column as kinds. `codes` are the base64 of uint8 (n,), which count through `names`.

    `ordered`: the kinds rise, as bins of numbers do. The names from `kinds` on stand for all
    other values, and for none.
    """

    name: str
    names: list[str]
    codes: str
    ordered: bool
    kinds: int


class MapAnswer(BaseModel):
    """The map. `x` and `y` are the base64 of float32, little-endian, (n,), as `ids` are.

    `unplaced` images were added since it was `made`, in Unix seconds; a job puts them in.
    """

    space: str
    method: str
    made: int
    unplaced: int
    ids: list[str]
    x: str
    y: str
    colours: list[ColourOut]


@router.get("/map", responses=responses(404) | NOT_CHANGED, response_model=MapAnswer)
async def map_(
    asked: Annotated[Drawing, Query()], request: Request, service: ServiceOf
) -> Response:
    """The map as it was laid out last; 404 before it was. A job of kind `map` lays it out."""
    await refuse_places_in(service, asked.where)
    library = service.library

    def state() -> str:
        mark = library.map_mark(asked.space, coloured=bool(asked.colour))
        return str(mark) if asked.where is None else f"{library.version} {mark}"

    return await kept_answer(
        request, service.lanes.quick, service.kept, state, partial(_drawn, service, asked)
    )


def _drawn(service: Service, asked: Drawing) -> MapAnswer:
    library = service.library
    refuse_places(service, asked.colour)
    found = library.map_points(asked.space, where=asked.where, columns=asked.colour)
    if found is None:
        raise NotMadeError("map")
    return MapAnswer(
        space=asked.space or library.space.name,
        method=found.method,
        made=found.made,
        unplaced=found.unplaced,
        ids=found.ids,
        x=_base64(found.points[:, 0]),
        y=_base64(found.points[:, 1]),
        colours=[
            ColourOut(
                name=one.name,
                names=one.names,
                codes=base64.b64encode(one.codes.tobytes()).decode(),
                ordered=one.ordered,
                kinds=one.kinds,
            )
            for one in found.legends
        ],
    )


def _base64(values: np.ndarray[tuple[int], np.dtype[np.float32]]) -> str:
    return base64.b64encode(values.astype("<f4").tobytes()).decode()
