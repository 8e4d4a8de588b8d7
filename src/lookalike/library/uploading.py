"""Single images that come by themselves: taken in one by one, by a decoder that stays warm."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from lookalike.embed.resources import Resources
from lookalike.errors import (
    DuplicateIdError,
    ImageRejectedError,
    LibraryError,
    StorageFullError,
    UnknownIdError,
)
from lookalike.images.fingerprint import sha256
from lookalike.library.adding import Adding, add_source
from lookalike.library.deriving import fill_columns
from lookalike.library.spaces import Filling, fill_others, way_of
from lookalike.store.records import ImageRecord, Space
from lookalike.store.store import Store
from lookalike.types import (
    File,
    Outcome,
    Reference,
    Rejected,
    Scalar,
    Unchanged,
    Web,
    location_uri,
    readable,
)

UPLOADS = "uploads"


@dataclass
class _Few:
    """A source of images that are at hand."""

    offered: Sequence[Reference]
    uri: str = UPLOADS
    notes: list[str] = field(default_factory=list)
    complete: bool = True

    def references(self) -> Iterator[Reference | Rejected]:
        yield from self.offered


class Uploader:
    """Takes single images into a library; use it from one thread.

    Bytes that are given are kept in the library, in its folder `uploads`, by their sha256.
    """

    def __init__(self, store: Store, space: Space, resources: Resources) -> None:
        self._store, self._space, self._resources = store, space, resources
        way = way_of(store, space)
        self._pool = resources.pool(way.model.preprocessing, thumbnails=True)
        self._embedder = resources.lazy_embedder(way)

    def add(
        self,
        image: bytes | Web,
        id_: str | None = None,
        *,
        label: str | None = None,
        meta: Mapping[str, Scalar] | None = None,
    ) -> ImageRecord:
        """Add the bytes of an image, or of one on the web; it is found from now on.

        Without `id_` the id is the URL, or made of the bytes. The same image again changes its
        label and metadata. Raises `ImageRejectedError`, `DuplicateIdError` where the id is of
        another image, `LibraryBusyError`, `StorageFullError`.
        """
        if isinstance(image, Web):
            name = readable(id_ or image.url)
            refuse_another(self._store, name, image.url)
            return self._added(Reference(name, image, label, dict(meta or {})))
        digest = sha256(image)
        name = readable(id_ or f"{UPLOADS}/{digest.hex()[:16]}")
        held = self._store.find_image(name)
        if held is not None and held.content.sha256 != digest:
            raise _taken(held.id)
        path = _place(self._store, digest)
        new = not path.exists()
        if new:
            _keep(path, image)
        try:
            return self._added(Reference(name, File(str(path)), label, dict(meta or {})))
        except BaseException:
            if new:
                with suppress(OSError):
                    path.unlink()
            raise

    def add_many(self, references: Sequence[Reference]) -> tuple[list[Outcome], list[str]]:
        """Add images on the web as one batch: what became of them, and ids of other images.

        What cannot be used is among the rejects. Raises `LibraryBusyError`, `StorageFullError`.
        """
        taken = [
            reference.id
            for reference in references
            if (held := self._store.find_image(reference.id)) is not None
            and held.uri != location_uri(reference.location)
        ]
        free = [reference for reference in references if reference.id not in set(taken)]
        return self._offered(free) if free else [], taken

    def close(self) -> None:
        """Let the decoder and the network go."""
        self._pool.close()
        self._embedder.close()

    def _added(self, reference: Reference) -> ImageRecord:
        for outcome in self._offered([reference]):
            if isinstance(outcome, Rejected):
                if self._store.find_image(outcome.id) is None:
                    self._store.remove([outcome.id])  # the asker is told: no need to list it
                raise ImageRejectedError(outcome.reason, outcome.detail)
        return self._store.image(reference.id)

    def _offered(self, references: Sequence[Reference]) -> list[Outcome]:
        heard: list[Outcome] = []
        how = Adding(on_outcomes=heard.extend, fetch=self._resources.fetch)
        source = _Few(references)
        add_source(self._store, self._space, source, self._pool, self._embedder.get, how)
        if not all(isinstance(outcome, Rejected) for outcome in heard):
            fill_others(self._store, self._space, Filling(self._resources, None, lambda: False))
            fill_columns(self._store, lambda: False)
        return heard


def refuse_another(store: Store, id_: str, uri: str) -> None:
    """Raise `DuplicateIdError` where an id is of an image from another place."""
    held = store.find_image(id_)
    if held is not None and held.uri != uri:
        raise _taken(held.id)


def _taken(id_: str) -> DuplicateIdError:
    return DuplicateIdError(
        f"There is another image of the id {id_!r}. Delete it first, or choose another id."
    )


def changed(
    store: Store,
    space: Space,
    image: ImageRecord,
    *,
    label: str | None,
    meta: Mapping[str, Scalar],
) -> ImageRecord:
    """Give an image another label and other metadata; the rest stays as it is."""
    reference = Reference(image.id, image.location, label, dict(meta))
    with store.writing():
        known = store.known(space, [image.id]).get(image.id)
        if known is None:
            raise UnknownIdError(f"No image {image.id!r} in this library.")
        unchanged = [Unchanged(reference, image.stamp)]
        store.write(space, store.source(image.source), unchanged, known.checked_ns)
    return store.image(image.id)


def discard(store: Store, image: ImageRecord) -> None:
    """Delete the file of an upload that no image has any more; other files are not touched."""
    digest = image.content.sha256
    path = _place(store, digest)
    if image.uri == str(path) and not store.keys_at(image.uri, digest):
        with suppress(OSError):
            path.unlink()


def _place(store: Store, digest: bytes) -> Path:
    return store.directory / UPLOADS / digest.hex()[:2] / digest.hex()


def _keep(path: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all, also after the power fails."""
    part = path.with_name(f"{path.name}.{uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        kind = StorageFullError if error.errno in {errno.ENOSPC, errno.EDQUOT} else LibraryError
        raise kind(f"The upload cannot be kept: {error.strerror}.") from error
