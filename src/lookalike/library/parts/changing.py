"""Single images of an open library: taken in as they come, and changed."""

from __future__ import annotations

from collections.abc import Mapping

from lookalike.library.parts.opened import Opened
from lookalike.library.uploading import Uploader, changed, discard
from lookalike.store.records import ImageRecord
from lookalike.types import Scalar


class Changing(Opened):
    """Single images of an open library: taken in as they come, and changed."""

    def uploader(self) -> Uploader:
        """What takes in images one by one; close it in the end."""
        return Uploader(self._store, self._space, self._resources)

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
