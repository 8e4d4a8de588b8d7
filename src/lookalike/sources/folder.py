"""A folder as a source: every image below it, in the order of the ids."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from pathlib import PurePath
from typing import Literal

from lookalike.errors import DuplicateIdError, SourceError
from lookalike.sources import skips
from lookalike.sources.extensions import is_image_name
from lookalike.sources.naming import absolute, folder_label, path_id
from lookalike.sources.skips import Skips
from lookalike.sources.source import LabelFrom
from lookalike.types import LIBRARY_NAME, File, Reference, readable


class FolderSource:
    """All images below a folder; the id is the path relative to it.

    Dot-files and dot-folders are passed over, a library among them without a word. Links are
    followed, after the folder's own tree, and no folder is listed twice, so links may form
    loops and adding one renames nothing. With `label_from="folder"` the label is the name of
    the folder that holds the image.
    """

    def __init__(self, folder: str, label_from: LabelFrom | None = None) -> None:
        self._folder = absolute(folder)
        self._label_from = label_from
        self._skips = Skips()
        self.uri = readable(self._folder)

    @property
    def notes(self) -> list[str]:
        """What was passed over and why."""
        return self._skips.sentences()

    @property
    def complete(self) -> bool:
        """False when a folder below could not be read."""
        return not self._skips.faulty

    def references(self) -> Iterator[Reference]:
        """Every image; raises `SourceError`, `DuplicateIdError`."""
        self._skips = Skips()
        walk = _Walk(self._folder, self._skips)
        escaped: dict[str, str] = {}
        for relative in walk:
            path = PurePath(self._folder, relative)
            id_ = path_id(PurePath(relative))
            # Only an id with a backslash can be the readable form of two different names.
            if "\\" in id_ and escaped.setdefault(id_, relative) != relative:
                raise DuplicateIdError(
                    f"Two files in {self.uri} have the id {id_!r}: "
                    f"{os.fsencode(escaped[id_])!r} and {os.fsencode(relative)!r}. Rename one."
                )
            told = self._label_from == "folder"
            label = folder_label(path) if told else None
            place = File(str(path))
            yield Reference(id_, place, label, tells_label=told, tells_meta=False)


class _Walk:
    """Relative paths of the images; only the names in the folders being walked are in memory."""

    def __init__(self, root: str, tally: Skips) -> None:
        self._root = root
        self._skips = tally
        self._visited: set[tuple[int, int]] = set()
        self._linked = deque([""])

    def __iter__(self) -> Iterator[str]:
        while self._linked:
            pending = [self._linked.popleft()]
            while pending:
                relative = pending.pop()
                if relative == "" or relative.endswith("/"):
                    pending += self._listing(relative)
                else:
                    yield relative

    def _listing(self, relative: str) -> list[str]:
        """Images and folders (with a slash at the end) of one folder, last one first."""
        found: list[str] = []
        links: list[str] = []
        path = os.path.join(self._root, relative)  # noqa: PTH118
        try:
            status = os.stat(path)  # noqa: PTH116
            identity = (status.st_dev, status.st_ino)
            if identity in self._visited:
                self._skips.add(skips.VISITED, repr(relative))
                return []
            self._visited.add(identity)
            with os.scandir(path) as entries:
                for entry in entries:
                    self._sort_in(entry, relative + entry.name, found, links)
        except OSError as error:
            reason = error.strerror or str(error)
            if relative == "":
                raise SourceError(
                    f"The folder {readable(self._root)!r} cannot be read: {reason}."
                ) from error
            self._skips.fault(f"folder {relative!r} could not be read: {reason}")
        self._linked.extend(sorted(links))
        return sorted(found, reverse=True)

    def _sort_in(
        self, entry: os.DirEntry[str], relative: str, found: list[str], links: list[str]
    ) -> None:
        if entry.name == LIBRARY_NAME:
            return
        if entry.name.startswith("."):
            self._skips.add(skips.HIDDEN, repr(relative))
            return
        nature = _nature(entry)
        if nature == "folder":
            (links if entry.is_symlink() else found).append(relative + "/")
        elif not is_image_name(entry.name):
            self._skips.add(skips.NOT_AN_IMAGE, repr(relative))
        elif nature == "special":
            self._skips.add(skips.SPECIAL, repr(relative))
        else:
            found.append(relative)


def _nature(entry: os.DirEntry[str]) -> Literal["folder", "file", "special"]:
    try:
        if entry.is_dir():
            return "folder"
        if entry.is_file():
            return "file"
        entry.stat()
    except OSError:
        return "file"  # a broken link is offered, so that it is reported as missing
    return "special"
