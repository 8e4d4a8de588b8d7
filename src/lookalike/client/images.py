"""The images of a service: looked up, listed, shown, added, changed, deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from os import PathLike
from types import EllipsisType
from typing import Any

from lookalike.client.answers import Image, Images, Scalar
from lookalike.client.base import Base
from lookalike.client.items import image_file, is_url
from lookalike.client.reading import read
from lookalike.client.transport import Request, get, send_form, send_json

_AT_ONCE = 1000


class OfImages(Base):
    """The images of a service."""

    def get(self, id_: str) -> Image:
        """What is known of one image. Raises `UnknownIdError`."""
        return read(Image, self._json(get(self._v1("/image"), {"id": id_})))

    def images(
        self,
        count: int = 100,
        *,
        after: int = 0,
        where: str | None = None,
        newest: bool | None = None,
    ) -> Images:
        """Images after one, in the order in which they were added; `newest` turns it round."""
        asked = {"count": count, "after": after, "where": where, "newest": newest}
        return read(Images, self._json(get(self._v1("/images"), asked)))

    def every_image(self, *, where: str | None = None) -> Iterator[Image]:
        """All images that a filter leaves, asked for as one goes through them."""
        after: int | None = 0
        while after is not None:
            page = self.images(_AT_ONCE, after=after, where=where)
            yield from page.images
            after = page.next

    def thumbnail(self, id_: str) -> bytes:
        """A small WebP of an image."""
        return self._transport.send(get(self._v1("/image/thumbnail"), {"id": id_}))

    def original(self, id_: str) -> bytes:
        """The file of an image, as it was indexed."""
        return self._transport.send(get(self._v1("/image/original"), {"id": id_}))

    def add(
        self,
        image: str | PathLike[str] | bytes,
        id_: str | None = None,
        *,
        label: str | None = None,
        meta: Mapping[str, Scalar] | None = None,
    ) -> Image:
        """Add an image file, its bytes, or the image at a URL; it is found from now on.

        Raises `ImageRejectedError`, `DuplicateIdError`, `LibraryBusyError`, `StorageFullError`.
        """
        if is_url(image):
            asked = {"url": image, "id": id_, "label": label, "meta": dict(meta or {})}
            return read(Image, self._json(send_json("POST", self._v1("/images/url"), asked)))
        said = {"id": id_, "label": label, "meta": json.dumps(dict(meta)) if meta else None}
        request = send_form(self._v1("/images"), [image_file(image)], said)
        return read(Image, self._json(request))

    def change(
        self,
        id_: str,
        *,
        label: str | EllipsisType | None = ...,
        meta: Mapping[str, Scalar] | None = None,
    ) -> Image:
        """Change the label and values of the metadata; None takes one away."""
        said: dict[str, Any] = {"meta": dict(meta or {})}
        if label is not ...:
            said["label"] = label
        return read(Image, self._json(send_json("PATCH", self._v1("/image"), said, {"id": id_})))

    def delete(self, id_: str) -> None:
        """Take an image out of the library. Files of its source stay where they are."""
        request = get(self._v1("/image"), {"id": id_})
        self._transport.send(Request("DELETE", request.path, safe=False))
