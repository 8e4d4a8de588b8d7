"""The members of a tar archive: slices of a plain one, bytes of a compressed one."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO, Literal, cast

from lookalike.errors import ImageRejectedError, SourceError
from lookalike.sources.members import Member
from lookalike.types import Blob, TarMember, readable

BLOB_LIMIT = 64 * 2**20
"""Bytes that a member of a compressed tar may have: it has to be held in memory."""

HEADER_LIMIT = 2**16
"""Bytes that one header may have; a longer one is taken for damage."""

DAMAGE = (
    tarfile.TarError, zlib.error, lzma.LZMAError, OSError, EOFError,
    ValueError, OverflowError, RecursionError,
)  # fmt: skip


def tar_members(path: str) -> Iterator[Member]:
    """Members in the order of the archive; compression is told by the first bytes.

    Raises `SourceError` where the archive is damaged or cut short; the members before stand.
    """
    with _damage_told(path), _open(path) as (raw, size):
        headers = _Headers(raw)
        with tarfile.open(fileobj=cast("IO[bytes]", headers), mode="r:") as archive:
            while (info := archive.next()) is not None:
                archive.members.clear()  # type: ignore[attr-defined]  # it would keep them all
                if info.size < 0 or archive.offset < info.offset_data:
                    raise tarfile.ReadError("a member of negative size")
                nature = _nature(info)
                end = info.offset_data + info.size
                if nature == "file" and size is not None and end > size:
                    raise tarfile.ReadError(f"cut short within {readable(info.name)!r}")
                locate = partial(_slice if size is not None else _blob, path, info, raw)
                yield Member(info.name, info.offset, nature, locate)
            if headers.last != bytes(tarfile.BLOCKSIZE):
                raise tarfile.ReadError("damaged or cut short: there is no end mark")


def _nature(info: tarfile.TarInfo) -> Literal["file", "folder", "link", "special"]:
    if info.isdir():
        return "folder"
    if info.islnk() or info.issym():
        return "link"
    return "file" if info.isreg() and not info.issparse() else "special"


def _slice(path: str, info: tarfile.TarInfo, _raw: BinaryIO) -> TarMember:
    return TarMember(path, info.name, info.offset_data, info.size)


def _blob(path: str, info: tarfile.TarInfo, raw: BinaryIO) -> Blob:
    if info.size > BLOB_LIMIT:
        raise ImageRejectedError(
            "too-large", f"{info.size:,} bytes, more than the {BLOB_LIMIT:,} of a compressed tar"
        )
    with _damage_told(path):
        raw.seek(info.offset_data)
        data = raw.read(info.size)
        if len(data) < info.size:
            raise tarfile.ReadError(f"cut short within {readable(info.name)!r}")
    return Blob(path, info.name, data)


class _Headers:
    """The archive as `tarfile` sees it: no header can ask for much, and the last is kept."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self.tell = raw.tell
        self.seek = raw.seek
        self.last = b""

    def read(self, size: int) -> bytes:
        if not 0 <= size <= HEADER_LIMIT:
            raise tarfile.ReadError(f"a header of {size:,} bytes")
        self.last = self._raw.read(size)
        return self.last


@contextmanager
def _open(path: str) -> Iterator[tuple[BinaryIO, int | None]]:
    """The uncompressed bytes, and their number where that is known without reading."""
    with Path(path).open("rb") as file:
        magic = file.read(6)
        size = file.seek(0, 2)
        file.seek(0)
        if magic.startswith(b"\x1f\x8b"):
            with gzip.open(file) as raw:
                yield cast("BinaryIO", raw), None
        elif magic.startswith(b"BZh"):
            with bz2.open(file) as raw:
                yield cast("BinaryIO", raw), None
        elif magic == b"\xfd7zXZ\0":
            with lzma.open(file) as raw:
                yield cast("BinaryIO", raw), None
        else:
            yield file, size


@contextmanager
def _damage_told(path: str) -> Iterator[None]:
    """Turn what reading a damaged archive can raise into a `SourceError`."""
    try:
        yield
    except DAMAGE as error:
        nested = isinstance(error, RecursionError)
        reason = "its headers are nested too deeply" if nested else str(error)
        raise SourceError(
            f"{readable(path)!r} cannot be read on as a tar archive: {reason}. "
            "Check it with `tar -t`, or download it again."
        ) from error
