"""A list of paths as a source: single files, or what another program prints."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import PurePath
from typing import BinaryIO

from lookalike.errors import DuplicateIdError, SourceError
from lookalike.sources import skips
from lookalike.sources.naming import absolute, folder_label, path_id
from lookalike.sources.seen import Seen
from lookalike.sources.skips import Skips
from lookalike.sources.source import LabelFrom
from lookalike.types import File, Reference, Rejected, readable

CHUNK = 65_536
"""Bytes read at a time, and the longest path taken."""


class PathsSource:
    """Paths, each relative to `base`; the id is the path as given, in posix form.

    Whatever is named is offered, its extension is not asked for. `paths` is used up by
    the first pass unless it is a collection. With `label_from="folder"` the label is the
    name of the folder that holds the image. A path that comes again is passed over, unless
    `repeated`.
    """

    complete = True

    def __init__(
        self,
        paths: Iterable[str],
        base: str,
        label_from: LabelFrom | None = None,
        *,
        repeated: bool = False,
    ) -> None:
        self._paths = paths
        self._base = absolute(base)
        self._label_from = label_from
        self._repeated = repeated
        self._skips = Skips()
        self.uri = f"paths:{readable(self._base)}"

    @property
    def notes(self) -> list[str]:
        """What was passed over and why."""
        return self._skips.sentences()

    def references(self) -> Iterator[Reference | Rejected]:
        """Every path; raises `DuplicateIdError`."""
        self._skips = Skips()
        with closing(Seen()) as seen:
            for number, written in enumerate(self._paths, 1):
                if not written:
                    continue
                path = PurePath(self._base, written)
                id_ = path_id(PurePath(written))
                if "\0" in written:
                    detail = "the path holds a NUL character (paths separated by NUL need -0)"
                    yield Rejected(id_, path_id(path), "bad-row", detail)
                    continue
                earlier = None if self._repeated else seen.earlier(id_, number, str(path))
                if earlier is None:
                    told = self._label_from == "folder"
                    label = folder_label(path) if told else None
                    place = File(str(path))
                    yield Reference(id_, place, label, tells_label=told, tells_meta=False)
                elif earlier.same_place:
                    self._skips.add(skips.REPEATED_PATHS, repr(written))
                else:
                    raise DuplicateIdError(
                        f"Paths {earlier.number} and {number} of the list have the same id "
                        f"{id_!r} but name different files. Rename one of the files."
                    )


def split_paths(stream: BinaryIO, separator: bytes = b"\n") -> Iterator[str]:
    """The paths in a byte stream such as `sys.stdin.buffer`, as they come.

    With newlines as separators a carriage return before one is dropped. Bytes that are not
    UTF-8 are kept as surrogate escapes. Raises `SourceError` for a path above 64 KiB.
    """
    read = getattr(stream, "read1", stream.read)
    rest = b""
    while chunk := read(CHUNK):
        *whole, rest = (rest + chunk).split(separator)
        yield from (_decode(path, separator) for path in whole)
        if len(rest) > CHUNK:
            raise SourceError(
                f"The list of paths has one above {CHUNK:,} bytes. "
                "Paths are separated by newlines, or by NUL with -0."
            )
    if rest:
        yield _decode(rest, separator)


def _decode(path: bytes, separator: bytes) -> str:
    return os.fsdecode(path.removesuffix(b"\r") if separator == b"\n" else path)
