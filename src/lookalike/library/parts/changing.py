"""Single images of an open library: taken in as they come, and changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lookalike.library.parts.opened import Opened
from lookalike.library.uploading import Uploader, changed, discard, refuse_another
from lookalike.store.records import ImageRecord
from lookalike.types import Scalar, Web

if TYPE_CHECKING:
    from lookalike.fetch.policy import FetchPolicy


class Changing(Opened):
    """Single images of an open library: taken in as they come, and changed."""

    def uploader(self) -> Uploader:
        """What takes in images one by one; close it in the end."""
        return Uploader(self._store, self._space, self._resources)

    def fetched(self, url: str, id_: str | None = None) -> Web:
        """The image at a URL, with its bytes, to be added under an id or the URL itself.

        Raises `FetchError`, and `DuplicateIdError` where another image has that id.
        """
        refuse_another(self._store, id_ or url, url)
        return Web(url, self._resources.fetched(url))

    def fetch_policy(self) -> FetchPolicy:
        """What may be asked of the web, and what it may cost."""
        from lookalike.fetch.policy import FetchPolicy

        return self._resources.fetch or FetchPolicy()

    def change(self, id_: str, *, label: str | None, meta: Mapping[str, Scalar]) -> ImageRecord:
        """Give an image this label and metadata, in the place of what it had.

        Indexing its source again brings back what the source says. Raises `UnknownIdError`,
        `LibraryBusyError`, `StorageFullError`.
        """
        return changed(self._store, self._space, self.get(id_), label=label, meta=meta)

    def delete(self, id_: str) -> None:
        """Take an image out, and its file if that was uploaded. Raises as `change`."""
        image = self.get(id_)
        self._store.remove([image.id])
        discard(self._store, image)
