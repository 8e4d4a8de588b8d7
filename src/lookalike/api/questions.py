"""What a request asks, as the project's one question."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from lookalike.api.lanes import Lane, Lanes
from lookalike.api.schemas import HitOut, SearchAnswer, SearchItem, SearchRequest
from lookalike.errors import UnknownNameError, UsageError
from lookalike.library.library import Library
from lookalike.search.query import URL_PREFIXES, Item, Query
from lookalike.search.results import Hits
from lookalike.store.records import Space
from lookalike.types import Scalar


def lane_of(question: SearchRequest, lanes: Lanes) -> Lane:
    """Where a question is answered: URLs wait for the web, images for the network."""
    return lane_for([*question.positive, *question.negative], lanes)


def lane_for(items: Sequence[SearchItem], lanes: Lanes) -> Lane:
    """The same for items."""
    if any(item.url is not None for item in items):
        return lanes.web
    if any(
        item.image is not None or item.text is not None or item.crop is not None for item in items
    ):
        return lanes.images
    return lanes.quick


def query_of(library: Library, question: SearchRequest) -> Query:
    """What a request asks. Raises `UsageError`, `UnknownNameError`."""
    if question.weights and question.space is not None:
        raise UsageError("Weights name their spaces: leave the space out.")
    space = space_of(library, question.space)
    return Query(
        [as_item(item, space) for item in question.positive],
        [as_item(item, space) for item in question.negative],
    )


def as_item(item: SearchItem, space: Space) -> Item:
    """An item of a request as one of a query. Raises `UsageError`."""
    if item.url is not None and not item.url.lower().startswith(URL_PREFIXES):
        raise UsageError("A url begins with http:// or https://.")
    return Item(
        id=item.id,
        url=item.url,
        text=item.text,
        vector=None if item.vector is None else _vector(item.vector, space),
        image=None if item.image is None else _bytes(item.image),
        weight=item.weight,
        crop=item.crop,
    )


def _vector(values: list[float], space: Space) -> np.ndarray[Any, Any]:
    if not space.of_bits:
        vector = np.array(values, np.float64)
        if np.abs(vector).max() > np.finfo(np.float32).max:
            raise UsageError("The vector has values beyond float32.")
        return vector.astype(np.float32)
    if not all(value in range(256) for value in values):
        raise UsageError(f"A vector of space {space.name!r} is packed bits: whole numbers, 0..255.")
    return np.array(values, np.uint8)


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UsageError("An image is the base64 of an image file; this is not base64.") from error


def space_of(library: Library, name: str | None) -> Space:
    """The space of that name, or the default one. Raises `UnknownNameError`."""
    if name is None:
        return library.space
    for space in library.spaces():
        if space.name == name:
            return space
    raise UnknownNameError("space", name, [space.name for space in library.spaces()])


def shown(hits: Hits) -> SearchAnswer:
    """An answer as it goes out."""
    return SearchAnswer(
        space=hits.space,
        metric=hits.metric,
        hits=[
            HitOut(
                rank=hit.rank,
                id=hit.id,
                label=hit.label,
                similarity=round(hit.similarity, 6),
                distance=round(hit.distance, 6),
                url=web_address(hit.uri),
                meta=plain_meta(hit.meta),
                copies=hit.copies,
                width=hit.size[0],
                height=hit.size[1],
                match=None if hit.match is None else round(hit.match, 4),
            )
            for hit in hits
        ],
        next_offset=hits.next_offset,
    )


def web_address(uri: str) -> str | None:
    """Where an image is on the web; a path of this machine is nobody's business."""
    return uri if uri.lower().startswith(URL_PREFIXES) else None


def plain_meta(meta: Any) -> dict[str, Scalar]:
    """Metadata that JSON can say: numbers that are not finite become null."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in meta.items()
    }
