"""`/v1/facets`: what a filter leaves, column by column, for who narrows it down further."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from lookalike.api.kept import kept_answer
from lookalike.api.places import refuse_places, refuse_places_in
from lookalike.api.problems import NOT_CHANGED, responses
from lookalike.api.schemas import Asked
from lookalike.api.service import Service, ServiceOf
from lookalike.store.column import Kind

router = APIRouter(prefix="/v1", tags=["facets"])


class Narrowing(Asked):
    """Of which images, and which columns; without `columns` all but ids."""

    where: Annotated[str, Field(max_length=40_000)] | None = None
    columns: Annotated[list[Annotated[str, Field(max_length=400)]], Field(max_length=100)] = Field(
        []
    )


class ValueOut(BaseModel):
    """A value as people write it, and how many of the images that are left have it."""

    value: str
    images: int


class FacetOut(BaseModel):
    """A column by the name that filters use.

    `values` are the most frequent, up to 100 of the `distinct` ones; `missing` images have none.
    Of numbers and dates `low` and `high` are those of the whole library, and `bins` count the
    images left in equal steps between the two.
    """

    name: str
    kind: Kind
    distinct: int
    missing: int
    values: list[ValueOut]
    low: float | str | None
    high: float | str | None
    bins: list[int]


class FacetsAnswer(BaseModel):
    """How many images the filter leaves, and their columns."""

    images: int
    facets: list[FacetOut]


@router.get("/facets", responses=responses() | NOT_CHANGED, response_model=FacetsAnswer)
async def facets(
    asked: Annotated[Narrowing, Query()], request: Request, service: ServiceOf
) -> Response:
    """How often each value of each column is there among the images that a filter leaves."""
    await refuse_places_in(service, asked.where)
    library = service.library
    make = partial(_counted, service, asked)
    return await kept_answer(
        request, service.lanes.quick, service.kept, lambda: library.version, make
    )


def _counted(service: Service, asked: Narrowing) -> FacetsAnswer:
    refuse_places(service, asked.columns)
    images, found = service.library.facets(asked.where, asked.columns)
    return FacetsAnswer(
        images=images,
        facets=[
            FacetOut(
                name=one.name,
                kind=one.kind,
                distinct=one.distinct,
                missing=one.missing,
                values=[ValueOut(value=value, images=count) for value, count in one.values],
                low=one.low,
                high=one.high,
                bins=list(one.bins),
            )
            for one in found
        ],
    )
