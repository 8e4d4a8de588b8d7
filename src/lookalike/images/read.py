"""The bytes of an image, wherever it lies."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG

from lookalike.errors import ImageRejectedError
from lookalike.images.limits import DEFAULT_LIMITS, Limits
from lookalike.images.read_parquet import read_cell
from lookalike.types import Blob, File, Location, ParquetCell, Stamp, TarMember, Web, ZipMember


def stamp(location: Location) -> Stamp:
    """Size and modification time without reading; an archive's own time for its members.

    The web is not asked: what was not fetched has no size, and nothing there has a time.

    Raises `ImageRejectedError` (missing, unreadable).
    """
    if isinstance(location, Web):
        return Stamp(len(location.data), 0)
    with _as_rejection():
        status = Path(location.path).stat()
        match location:
            case File():
                return Stamp(status.st_size, status.st_mtime_ns)
            case TarMember() | ParquetCell():
                return Stamp(location.length, status.st_mtime_ns)
            case Blob():
                return Stamp(len(location.data), status.st_mtime_ns)
            case ZipMember():
                return Stamp(location.length, status.st_mtime_ns)


def read_bytes(location: Location, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """All bytes of one image.

    Raises `ImageRejectedError` (missing, unreadable, too-large).
    """
    with _as_rejection():
        match location:
            case File():
                path = Path(location.path)
                status = path.stat()
                if not S_ISREG(status.st_mode):
                    raise ImageRejectedError("unreadable", "not a regular file")
                _check_size(status.st_size, limits)
                return path.read_bytes()
            case TarMember():
                _check_size(location.length, limits)
                with Path(location.path).open("rb") as file:
                    file.seek(location.offset)
                    return file.read(location.length)
            case ZipMember():
                _check_size(location.length, limits)
                archive = _open_zip(location.path, Path(location.path).stat().st_mtime_ns)
                return archive.read(location.name)
            case ParquetCell():
                _check_size(location.length, limits)
                return location.data or read_cell(location)
            case Blob():
                return location.data
            case Web():
                if not location.data:
                    raise ImageRejectedError("missing", "it is on the web and was not fetched")
                return location.data


@lru_cache(maxsize=2)
def _open_zip(path: str, mtime_ns: int) -> zipfile.ZipFile:  # noqa: ARG001  part of the key
    """An archive kept open, since opening one reads its whole list of members."""
    return zipfile.ZipFile(path)


def _check_size(size: int, limits: Limits) -> None:
    if size > limits.size:
        raise ImageRejectedError("too-large", f"{size:,} bytes is more than {limits.size:,}")


@contextmanager
def _as_rejection() -> Iterator[None]:
    """Turn the errors of opening and reading into a rejection with its reason."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ImageRejectedError("missing", "no such file") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
        raise ImageRejectedError("unreadable", f"damaged archive member: {error}") from error
    except (OSError, ValueError, RuntimeError, NotImplementedError) as error:
        detail = getattr(error, "strerror", None) or str(error)
        raise ImageRejectedError("unreadable", detail) from error
