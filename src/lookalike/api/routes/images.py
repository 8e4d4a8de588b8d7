"""`/v1/images` and `/v1/image`: what is known of images, and what they look like.

An id is a parameter, not a part of the path: it may hold slashes, dots and anything else,
and clients and proxies rewrite such paths.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from lookalike.api.places import refuse_places_in
from lookalike.api.problems import problem, responses
from lookalike.api.questions import plain_meta, web_address
from lookalike.api.schemas import MOST, Asked, Id, ImageOut, ImagesAnswer
from lookalike.api.service import ServiceOf
from lookalike.errors import ImageRejectedError
from lookalike.images.fingerprint import sha256
from lookalike.images.limits import Limits
from lookalike.images.read import read_bytes
from lookalike.store.records import ImageRecord

router = APIRouter(prefix="/v1", tags=["images"])
IdOf = Annotated[Id, Query(description="The id of an image.")]
KEEP = "private, max-age=300"
TYPES = {
    name: f"image/{kind}"
    for name, kind in {
        "JPEG": "jpeg",
        "MPO": "jpeg",
        "PNG": "png",
        "WEBP": "webp",
        "GIF": "gif",
        "BMP": "bmp",
        "DIB": "bmp",
        "TIFF": "tiff",
        "AVIF": "avif",
        "JPEG2000": "jp2",
        "HEIF": "heif",
    }.items()
}
_PICTURE = responses(404) | {
    200: {
        "description": "The picture.",
        "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
    },
    304: {"description": "The client has it already."},
}


class Listing(Asked):
    """Which images are listed: `count` of them after `after`, of those that `where` leaves.

    `newest` begins with those that were added last.
    """

    count: Annotated[int, Field(ge=1, le=MOST)] = 100
    after: Annotated[int, Field(ge=0, le=2**62)] = 0
    where: Annotated[str, Field(max_length=40_000)] | None = None
    newest: bool = False


@router.get("/images", responses=responses())
async def images(listing: Annotated[Listing, Query()], service: ServiceOf) -> ImagesAnswer:
    """The images of the library, in the order in which they were added."""
    await refuse_places_in(service, listing.where)
    some = partial(
        service.library.images,
        listing.count,
        after=listing.after,
        where=listing.where,
        newest=listing.newest,
    )
    records = await service.lanes.quick.run(some)
    more = records[-1].key if len(records) == listing.count else None
    return ImagesAnswer(images=[known(image) for image in records], next=more)


@router.get("/image", responses=responses(404))
async def image(id: IdOf, service: ServiceOf) -> ImageOut:  # noqa: A002  the name of the parameter
    """What is known of one image."""
    return known(await service.lanes.quick.run(partial(service.library.get, id)))


@router.get("/image/thumbnail", responses=_PICTURE, response_class=Response)
async def thumbnail(id: IdOf, request: Request, service: ServiceOf) -> Response:  # noqa: A002
    """A small WebP of an image."""
    record = await service.lanes.quick.run(partial(service.library.get, id))
    tag = f'"{record.content.sha256.hex()}-small"'
    if _has(request, tag):
        return Response(status_code=304, headers={"ETag": tag, "Cache-Control": KEEP})
    data = await service.lanes.quick.run(partial(service.library.thumbnail, record.id))
    if data is None:
        return problem(404, "There is no picture of this image: its file is gone or has changed.")
    return Response(data, media_type="image/webp", headers={"ETag": tag, "Cache-Control": KEEP})


@router.get("/image/original", responses=_PICTURE, response_class=Response)
async def original(id: IdOf, request: Request, service: ServiceOf) -> Response:  # noqa: A002
    """The file of an image, byte for byte as it was indexed; another file in its place is not."""
    record = await service.lanes.quick.run(partial(service.library.get, id))
    tag = f'"{record.content.sha256.hex()}"'
    if _has(request, tag):
        return Response(status_code=304, headers={"ETag": tag, "Cache-Control": KEEP})
    data = await service.lanes.quick.run(partial(_original, record))
    if data is None:
        return problem(404, "The original is gone or has changed since it was indexed.")
    kind = TYPES.get(record.content.format, "application/octet-stream")
    return Response(data, media_type=kind, headers={"ETag": tag, "Cache-Control": KEEP})


def known(image: ImageRecord) -> ImageOut:
    """An image as it is shown: without its place on this machine."""
    content = image.content
    return ImageOut(
        id=image.id,
        label=image.label,
        meta=plain_meta(image.meta),
        url=web_address(image.uri),
        width=content.width,
        height=content.height,
        format=content.format,
        bytes=content.size,
        sha256=content.sha256.hex(),
        added=image.added,
    )


def _original(image: ImageRecord) -> bytes | None:
    """The bytes that were indexed, whatever lies in their place by now."""
    try:
        data = read_bytes(image.location, Limits(size=image.content.size))
    except ImageRejectedError:
        return None
    return data if sha256(data) == image.content.sha256 else None


def _has(request: Request, tag: str) -> bool:
    return tag in request.headers.get("if-none-match", "")
