"""An open library for others to use: as a search page, a bundle, or images to pack."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lookalike.library.deriving import OnStep
from lookalike.library.parts.opened import Opened

if TYPE_CHECKING:
    from lookalike.library.bundling import Bundle
    from lookalike.library.sharing import LibraryImages
    from lookalike.share.site import SiteReport


class Sharing(Opened):
    """An open library for others to use: as a search page, a bundle, or images to pack."""

    def image_source(self, where: str | None = None) -> LibraryImages:
        """The images, or those that a filter leaves, as a source for `share.pack`."""
        from lookalike.library.sharing import LibraryImages

        return LibraryImages(self._store, where)

    def export_site(
        self,
        directory: str | os.PathLike[str],
        *,
        title: str | None = None,
        space: str | None = None,
        where: str | None = None,
        columns: Sequence[str] | None = None,
        with_model: bool = False,
        on_step: OnStep | None = None,
    ) -> SiteReport:
        """Write a folder that any static host can serve, and that opens from disk too.

        The page has a grid, filters by `columns` (label, clusters and metadata, unless they
        are named), the map if there is one, and searches by itself: the answers to a click
        are those of `search`, in the same order. Published are thumbnails, ids, labels, these
        columns and the vectors of `space`; of the images only those that `where` leaves.
        `with_model`, the default model goes with it, so that visitors may ask with a picture of
        their own, which their browser looks at. A site that is there is replaced once the new
        one is whole.

        Raises `UsageError` for a folder with other things in it, a space of bits or of l1, one
        that is to go with the model and was made by another, and where there is no image;
        `UnknownNameError`, `FilterError`.
        """
        from lookalike.library.exporting import export_site

        return export_site(
            self._store,
            self._chosen(space),
            Path(directory),
            self.thumbnail,
            title,
            where,
            columns,
            with_model,
            on_step or (lambda *_: None),
        )

    def export_bundle(
        self,
        path: str | os.PathLike[str],
        *,
        settings: str | os.PathLike[str] | None = None,
        on_step: OnStep | None = None,
    ) -> Bundle:
        """Write all that is needed to search elsewhere, as a new folder or a zip archive.

        The database with vectors, metadata and thumbnails, every model as ONNX with its
        preprocessing, `settings` (a YAML file), versions, and the sha256 of each; the images
        themselves stay where they are. `lookalike import` or `open_bundle` makes a library of
        it. Raises `UsageError`.
        """
        from lookalike.library.bundling import write_bundle

        chosen = None if settings is None else Path(settings)
        return write_bundle(self._store, Path(path), chosen, on_step or (lambda *_: None))
