"""`/v1/embeddings`: vectors of texts, images and stored images, in the shape OpenAI's API has."""

from __future__ import annotations

import asyncio
import base64
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from lookalike.api.problems import responses
from lookalike.api.questions import as_item, lane_for, space_of
from lookalike.api.schemas import Asked, SearchItem
from lookalike.api.service import ServiceOf
from lookalike.errors import UsageError

router = APIRouter(prefix="/v1", tags=["embeddings"])
MOST = 64
_IMAGE = "data:image/"
Text = Annotated[str, Field(min_length=1)]
One = Text | SearchItem


class EmbeddingsRequest(Asked):
    """What is to be seen. A text is a text, or an image as a data URI of base64.

    An item is as in a search: `id`, `url`, `text` or `image`. `model` is the name of a space,
    `dimensions` must be its own, if given; `user` is not looked at.
    """

    input: One | Annotated[list[One], Field(min_length=1, max_length=MOST, fail_fast=True)]
    model: Annotated[str, Field(max_length=200)] | None = None
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: Annotated[int, Field(ge=1)] | None = None
    user: Annotated[str, Field(max_length=1000)] | None = None


class EmbeddingOut(BaseModel):
    """One vector: numbers, or the base64 of float32, little-endian. Bits count as 0 and 1."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class Usage(BaseModel):
    """Nothing is counted here: both are 0."""

    prompt_tokens: int = 0
    total_tokens: int = 0


class EmbeddingsAnswer(BaseModel):
    """A vector for each input, in their order; `model` is the space they are of."""

    object: Literal["list"] = "list"
    data: list[EmbeddingOut]
    model: str
    usage: Usage = Usage()


@router.post("/embeddings", responses=responses(404, 415))
async def embeddings(asked: EmbeddingsRequest, service: ServiceOf) -> EmbeddingsAnswer:
    """The vectors of texts, images or images of the library; many at once share the network."""
    library, inputs = service.library, asked.input
    items = [_item(one) for one in (inputs if isinstance(inputs, list) else [inputs])]
    space = await service.lanes.quick.run(partial(space_of, library, asked.model))
    if asked.dimensions is not None and asked.dimensions != space.dim:
        raise UsageError(f"Space {space.name!r} has {space.dim} dimensions, and no others.")
    seen = await asyncio.gather(
        *(
            lane_for([item], service.lanes).run(
                partial(library.resolve, as_item(item, space), space=space.name)
            )
            for item in items
        )
    )
    return EmbeddingsAnswer(
        data=[
            EmbeddingOut(
                index=place,
                embedding=_shown(one.vector, space.dim, asked.encoding_format),
            )
            for place, one in enumerate(seen)
        ],
        model=space.name,
    )


def _item(one: One) -> SearchItem:
    if isinstance(one, SearchItem):
        return one
    if not one.startswith(_IMAGE):
        return SearchItem(text=one[:2000])
    head, comma, data = one.partition(",")
    if not comma or not head.endswith(";base64"):
        raise UsageError("A data URI of an image is data:image/...;base64,...")
    return SearchItem(image=data)


def _shown(vector: NDArray[Any], dim: int, form: str) -> list[float] | str:
    values = np.unpackbits(vector, count=dim) if vector.dtype == np.uint8 else vector
    floats = values.astype("<f4")
    if form == "base64":
        return base64.b64encode(floats.tobytes()).decode()
    return [float(value) for value in floats]
