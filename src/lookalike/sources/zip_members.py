"""The members of a zip archive, read in place."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from functools import partial
from typing import Literal

from lookalike.errors import ImageRejectedError, SourceError
from lookalike.sources.members import Member
from lookalike.types import ZipMember, readable

ENCRYPTED = 0x1
METHODS = frozenset(
    getattr(zipfile, name)
    for name in ("ZIP_STORED", "ZIP_DEFLATED", "ZIP_BZIP2", "ZIP_LZMA", "ZIP_ZSTANDARD")
    if hasattr(zipfile, name)
)


def zip_members(path: str) -> Iterator[Member]:
    """Members in the order of the archive's directory, which is at its end and read at once.

    Raises `SourceError` when the archive is cut short, damaged or no zip.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            listing = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, EOFError) as error:
        raise SourceError(
            f"{readable(path)!r} cannot be read as a zip archive: {error}. "
            "Check it with `unzip -t`, or download it again."
        ) from error
    for info in listing:
        yield Member(info.filename, info.header_offset, _nature(info), partial(_locate, path, info))


def _nature(info: zipfile.ZipInfo) -> Literal["file", "folder", "link"]:
    if info.filename.endswith("/"):
        return "folder"
    return "link" if stat.S_ISLNK(info.external_attr >> 16) else "file"


def _locate(path: str, info: zipfile.ZipInfo) -> ZipMember:
    if info.flag_bits & ENCRYPTED:
        raise ImageRejectedError("unreadable", "encrypted in the archive")
    if info.compress_type not in METHODS:
        raise ImageRejectedError("unreadable", f"zip compression method {info.compress_type}")
    return ZipMember(path, info.filename, info.file_size)
