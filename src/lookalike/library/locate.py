"""Where a library lies: named, or found upward from the working folder as git finds its own."""

from __future__ import annotations

import os
from pathlib import Path

from lookalike.errors import LibraryNotFoundError
from lookalike.types import LIBRARY_NAME

DATABASE_NAME = "library.db"


def library_directory(path: str | os.PathLike[str] | None, *, create: bool) -> Path:
    """The `.lookalike` directory that `path` names or holds.

    Without `path`: the nearest one upward, else one to be made in the working folder.
    Raises `LibraryNotFoundError` when there is none and none may be made.
    """
    directory = _upward(Path.cwd()) if path is None else _named(Path(path).expanduser())
    if not create and not (directory / DATABASE_NAME).is_file():
        place = "here or above" if path is None else f"in {path}"
        raise LibraryNotFoundError(f"No library {place}. Make one with: lookalike index FOLDER")
    return directory


def _named(path: Path) -> Path:
    is_library = path.name == LIBRARY_NAME or (path / DATABASE_NAME).is_file()
    return path.absolute() if is_library else path.absolute() / LIBRARY_NAME


def _upward(start: Path) -> Path:
    for folder in (start, *start.parents):
        if (folder / LIBRARY_NAME / DATABASE_NAME).is_file():
            return folder / LIBRARY_NAME
    return start / LIBRARY_NAME
