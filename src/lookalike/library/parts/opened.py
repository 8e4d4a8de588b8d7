"""An open library: what it holds, looked up by id or as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from lookalike.embed.resources import Resources
from lookalike.errors import LibraryError
from lookalike.images.thumbnail import thumbnail_of
from lookalike.library.searching import Searcher
from lookalike.store.records import Counts, ImageRecord, RejectRecord, Space
from lookalike.store.store import Store
from lookalike.types import Halves, Stored


class Opened:
    """An open library: what it holds, looked up by id or as a whole."""

    def __init__(self, store: Store, space: Space, resources: Resources) -> None:
        self._store = store
        self._space = space
        self._resources = resources
        self._searcher = Searcher(store, resources, self.thumbnail)

    @property
    def directory(self) -> Path:
        """Where the library lies: a folder named `.lookalike`."""
        return self._store.directory

    @property
    def space(self) -> Space:
        """The space that is added to and searched: its recipe, dimension and metric."""
        return self._space

    def spaces(self) -> list[Space]:
        """All spaces, oldest first."""
        return self._store.spaces()

    def get(self, id_: str) -> ImageRecord:
        """What is known of one image. Raises `UnknownIdError` with the nearest ids."""
        return self._store.image(id_)

    def head(self, count: int = 5) -> list[ImageRecord]:
        """The first images, in the order in which they were added."""
        return self._store.first_images(count)

    @property
    def ids(self) -> list[str]:
        """The ids of all images of the default space, in the order of `matrix()`'s rows."""
        return self.ids_in()

    def ids_in(self, space: str | None = None) -> list[str]:
        """The ids of what has a vector in a space, in the order of the rows of its `matrix`.

        Raises `UnknownNameError`.
        """
        keys = self._store.compact(self._chosen(space))[1]
        return [id_ for id_ in self._store.ids(keys) if id_ is not None]

    def vector(self, id_: str, space: str | None = None) -> Halves:
        """The stored vector of one image, float16 (dim,). Raises `UnknownIdError`."""
        return self._store.vector(self._chosen(space), self.get(id_).key)

    def matrix(self, space: str | None = None) -> Stored:
        """All vectors, memory-mapped; row i belongs to `ids_in(space)[i]`.

        float16 (n, dim); of a space of bits they are packed, uint8 (n, ceil(dim / 8)).
        Raises `UnknownNameError`.
        """
        return self._store.compact(self._chosen(space))[0]

    def thumbnail(self, id_: str) -> bytes | None:
        """A small WebP of one image; made now if need be, None when its file is gone.

        Raises `UnknownIdError`.
        """
        return self._thumbnail(self.get(id_))

    def rejects(self) -> Iterator[RejectRecord]:
        """Every image that was offered and could not be used, with its reason."""
        return self._store.rejects()

    def rejects_after(
        self, after: str, count: int, reason: str | None = None
    ) -> list[RejectRecord]:
        """The next rejects after an id, by id; of one reason, where it is given."""
        return self._store.rejects_after(after, count, reason)

    @property
    def version(self) -> str:
        """What was read at the same version is the same still; no other library has it."""
        number = self._store.data_version()
        return f"{number}-{self._store.token(number)}"

    @property
    def images_mark(self) -> str:
        """A text that changes when an image is added, replaced, removed, or told anew."""
        return self._store.mark_of_images()

    def info(self) -> Counts:
        """How much the library holds."""
        return self._store.counts()

    def close(self) -> None:
        """Let go of the database, the network and the caches."""
        self._searcher.close()
        self._store.close()

    def __len__(self) -> int:
        return self._store.counts().images

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Library({str(self.directory)!r})"

    def _chosen(self, space: str | None) -> Space:
        return self._space if space is None else self._store.space(space)

    def _thumbnail(self, image: ImageRecord) -> bytes | None:
        kept = self._store.thumbnail(image.content_key)
        if kept is not None:
            return kept
        made = thumbnail_of(image.location, image.content.sha256)
        if made is not None:
            with suppress(LibraryError):  # it may lie where nothing can be written
                self._store.set_thumbnail(image.content_key, made)
        return made
