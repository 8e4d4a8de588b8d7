"""Changing the library: images are added, changed and deleted; the next search knows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Response
from pydantic import TypeAdapter, ValidationError

from lookalike.api.problems import responses
from lookalike.api.routes.images import IdOf, known
from lookalike.api.schemas import AddForm, AddUrl, Change, ImageOut, Meta
from lookalike.api.service import Service, ServiceOf
from lookalike.errors import UsageError
from lookalike.library.library import Library
from lookalike.search.query import URL_PREFIXES
from lookalike.store.records import ImageRecord
from lookalike.types import Scalar, Web

_META: TypeAdapter[dict[str, Scalar]] = TypeAdapter(Meta)
router = APIRouter(prefix="/v1", tags=["changes"])


@router.post("/images", status_code=201, responses=responses(409, 415, 507))
async def add(
    form: Annotated[AddForm, Form(media_type="multipart/form-data")], service: ServiceOf
) -> ImageOut:
    """Add an image file. The same file under the same id again changes label and metadata."""
    data = await form.image[0].read()
    job = partial(_add, service, data, form.id, form.label, _meta(form.meta))
    return known(await service.lanes.writes.run(job))


@router.post("/images/url", status_code=201, responses=responses(409, 415, 507))
async def add_url(image: AddUrl, service: ServiceOf) -> ImageOut:
    """Add an image from the web; its file is not kept."""
    if not image.url.lower().startswith(URL_PREFIXES):
        raise UsageError("A url begins with http:// or https://.")
    arrived = await service.lanes.web.run(partial(service.library.fetched, image.url, image.id))
    job = partial(_add, service, arrived, image.id, image.label, image.meta)
    return known(await service.lanes.writes.run(job))


@router.patch("/image", responses=responses(404, 409, 415, 507))
async def change(id: IdOf, change: Change, service: ServiceOf) -> ImageOut:  # noqa: A002
    """Change the label and values of the metadata; null takes one away."""
    return known(await service.lanes.writes.run(partial(_change, service.library, id, change)))


@router.delete("/image", status_code=204, responses=responses(404, 409, 507))
async def delete(id: IdOf, service: ServiceOf) -> Response:  # noqa: A002
    """Take an image out of the library. Files of its source stay where they are."""
    await service.lanes.writes.run(partial(service.library.delete, id))
    return Response(status_code=204)


def _add(
    service: Service,
    image: bytes | Web,
    id_: str | None,
    label: str | None,
    meta: Mapping[str, Scalar],
) -> ImageRecord:
    return service.uploader().add(image, id_, label=label, meta=meta)


def _change(library: Library, id_: str, change: Change) -> ImageRecord:
    image = library.get(id_)
    label = change.label if "label" in change.model_fields_set else image.label
    meta = {k: v for k, v in {**image.meta, **change.meta}.items() if v is not None}
    return library.change(image.id, label=label, meta=meta)


def _meta(text: str | None) -> dict[str, Scalar]:
    if text is None:
        return {}
    try:
        return _META.validate_json(text)
    except ValidationError as error:
        raise UsageError("meta is a JSON object of texts, numbers and booleans.") from error
