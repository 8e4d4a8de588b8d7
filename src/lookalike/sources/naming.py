"""The id and the label that a path gives to its image."""

from __future__ import annotations

import os
from pathlib import PurePath

from lookalike.types import readable


def absolute(path: str) -> str:
    """The path from the root, without `..`; links in it stay as they are."""
    return os.path.abspath(path)  # noqa: PTH100


def path_id(path: PurePath) -> str:
    """The path with forward slashes and without `.` parts, as valid Unicode."""
    return readable(path.as_posix()).replace("\0", "\\x00")


def folder_label(path: PurePath) -> str | None:
    """The name of the folder that holds `path`; None where that folder has no name."""
    name = path.parent.name
    return readable(name) if name not in ("", "..") else None


def is_hidden(path: PurePath) -> bool:
    """True when a part of the path is a dot-file, a dot-folder or macOS's archive clutter."""
    return any(part == "__MACOSX" or (part.startswith(".") and part != "..") for part in path.parts)
