"""What an open store knows of its images, and of those it could not use."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from lookalike.store import (
    contents,
    facts,
    fingerprints,
    images,
    rejects,
    sources,
    thumbnails,
)
from lookalike.store.facts import Facts
from lookalike.store.fingerprints import Fingerprints
from lookalike.store.offered import Offered
from lookalike.store.parts.opened import Opened
from lookalike.store.records import (
    ImageRecord,
    RejectRecord,
    Space,
)
from lookalike.types import Keys, Known


class Images(Opened):
    """What an open store knows of its images, and of those it could not use."""

    def source(self, uri: str) -> int:
        """The number of a source, made if it is new."""
        with self._database.reading() as connection:
            known = sources.find(connection, uri)
        if known is not None:
            return known
        with self.writing(), self._database.transaction() as transaction:
            return sources.add(transaction, uri)

    def offered(self, source: int) -> Offered:
        """An empty set in which a run notes every id it offers, to tell what vanished."""
        return Offered(self._database, source)

    def known(self, space: Space, ids: Iterable[str]) -> dict[str, Known]:
        """What is stored of each id, seen from a space; ids that are not stored are left out."""
        with self._database.reading() as connection:
            return images.known(connection, space, ids)

    def shas_of_size(self, space: Space, sizes: Collection[int]) -> dict[int, list[bytes]]:
        """The sha256 of contents of each size in bytes that have a vector in `space`."""
        with self._database.reading() as connection:
            return contents.hashes_of_size(connection, space, sizes)

    def image(self, id_: str) -> ImageRecord:
        """The image of that id; raises UnknownIdError with the nearest ids."""
        with self._database.reading() as connection:
            return images.get(connection, id_)

    def find_image(self, id_: str) -> ImageRecord | None:
        """The image of that id, None if there is none; quicker than `image` to say so."""
        with self._database.reading() as connection:
            return images.record_of(connection, id_)

    def images_by_key(self, keys: Iterable[int] | Keys) -> list[ImageRecord]:
        """The images of these keys, in that order; keys removed meanwhile are left out."""
        with self._database.reading() as connection:
            return images.by_keys(connection, keys)

    def keys_at(self, uri: str, sha256: bytes) -> list[int]:
        """The keys of the images with these bytes that were found there."""
        with self._database.reading() as connection:
            return images.at(connection, uri, sha256)

    def contents_of(self, keys: Keys) -> Keys:
        """The content (n,) of each image (n,): equal for equal bytes; -1 for one that is gone."""
        with self._database.reading() as connection:
            return images.contents_of(connection, keys)

    def contents_by_id(self, ids: Sequence[str]) -> dict[str, int]:
        """The content of each id; ids that are not stored are left out."""
        with self._database.reading() as connection:
            return images.contents_by_id(connection, ids)

    def copies(self) -> dict[int, list[int]]:
        """The keys of the images of each content that has several."""
        with self._database.reading() as connection:
            return fingerprints.copies(connection)

    def copies_of(self, contents: Sequence[int]) -> list[int]:
        """How many images have each content."""
        with self._database.reading() as connection:
            return images.copies_of(connection, contents)

    def first_images(self, count: int) -> list[ImageRecord]:
        """The first images, in the order in which they were added."""
        with self._database.reading() as connection:
            return images.first(connection, count)

    def keys_after(self, after: int, count: int) -> list[int]:
        """The next `count` keys of images after one, rising: in the order of adding."""
        with self._database.reading() as connection:
            return images.keys_after(connection, after, count)

    def keys_before(self, before: int, count: int) -> list[int]:
        """The next `count` keys of images below one, falling: the newest first."""
        with self._database.reading() as connection:
            return images.keys_before(connection, before, count)

    def ids(self, keys: Sequence[int] | Keys) -> list[str | None]:
        """The id of each key, None where it was removed meanwhile."""
        with self._database.reading() as connection:
            return images.ids_of(connection, keys)

    def facts(self, names: Iterable[str]) -> Facts:
        """Columns of all images at once: `id`, `label`, or of a table; raises UnknownNameError."""
        with self._database.reading() as connection:
            return facts.read(connection, names)

    def content_key(self, sha256: bytes) -> int | None:
        """The internal key of the content with these bytes, None if there is none."""
        with self._database.reading() as connection:
            return contents.find(connection, sha256)

    def thumbnail(self, content_key: int) -> bytes | None:
        """The WebP bytes of a content's thumbnail, None if there is none yet."""
        with self._database.reading() as connection:
            return thumbnails.get(connection, content_key)

    def set_thumbnail(self, content_key: int, webp: bytes) -> None:
        """Keep a thumbnail; it can be made again, so the writer lock is not asked for."""
        with self._database.transaction(derived=True) as transaction:
            thumbnails.put(transaction, content_key, webp)

    def rejects(self) -> Iterator[RejectRecord]:
        """All rejects, by id, as of one moment."""
        with self._database.reading() as connection:
            yield from rejects.every(connection)

    def rejects_after(self, after: str, count: int, reason: str | None) -> list[RejectRecord]:
        """The next rejects after an id, by id; of one reason, where it is given."""
        with self._database.reading() as connection:
            return list(rejects.some_after(connection, after, count, reason))

    def fingerprints(self) -> Fingerprints:
        """The first image and the perceptual hash of every content."""
        with self._database.reading() as connection:
            return fingerprints.every(connection)
