"""`/v1/search`: what looks like this?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Response

from lookalike.api.asking import ask, ask_image
from lookalike.api.places import refuse_places_in
from lookalike.api.problems import responses
from lookalike.api.schemas import ImageForm, SearchAnswer, SearchRequest
from lookalike.api.service import ServiceOf
from lookalike.errors import UsageError
from lookalike.search.query import Item, Query

router = APIRouter(prefix="/v1", tags=["search"])


@router.post("/search", responses=responses(404, 415), response_model=SearchAnswer)
async def search(question: SearchRequest, service: ServiceOf) -> Response:
    """The images nearest to what is liked, and far from what is not."""
    await refuse_places_in(service, question.where)
    return _answered(await ask(service, question))


@router.post("/search/image", responses=responses(415), response_model=SearchAnswer)
async def search_image(
    form: Annotated[ImageForm, Form(media_type="multipart/form-data")], service: ServiceOf
) -> Response:
    """The images nearest to an image file."""
    await refuse_places_in(service, form.where)
    data = await form.image[0].read()
    query = Query(Item(image=data, crop=_crop(form.crop)))
    return _answered(await ask_image(service, query, form))


def _answered(json: bytes) -> Response:
    return Response(json, media_type="application/json")


def _crop(text: str | None) -> list[float] | None:
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise UsageError("A crop is x,y,width,height.") from error
