"""The frames of a TFRecord file: a length and a body, each with a masked crc32c behind it.

The format is https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details.
"""

from __future__ import annotations

import gzip
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from lookalike.errors import MissingExtraError, SourceError
from lookalike.types import readable

NAME = re.compile(r"\.tfrec(ord)?s?(-\d+-of-\d+)?(\.gz)?$", re.IGNORECASE)
RECORD_LIMIT = 512 * 2**20
_LENGTH, _CRC = struct.Struct("<Q"), struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Record:
    """A body, where it begins in the file (None in a compressed one), and whether it is whole."""

    body: bytes
    offset: int | None
    sound: bool


def is_tfrecord_name(name: str) -> bool:
    """True for `x.tfrecord`, `x.tfrec`, `x.tfrecord-00000-of-00008`, and those in gzip."""
    return NAME.search(name) is not None


def frame(body: bytes) -> bytes:
    """A body as a record."""
    length = _LENGTH.pack(len(body))
    masked = _masked()
    return b"".join((length, _CRC.pack(masked(length)), body, _CRC.pack(masked(body))))


def records(path: str) -> Iterator[Record]:
    """The records of a file, one at a time; gzip is told by the first bytes.

    Raises `SourceError` where a length is damaged or the file cut short; the records before
    stand. Raises `MissingExtraError` without google-crc32c.
    """
    masked = _masked()
    try:
        with Path(path).open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            if not packed:
                yield from _records(path, file, masked, in_place=True)
                return
            with gzip.open(file) as raw:
                yield from _records(path, cast("BinaryIO", raw), masked, in_place=False)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(path, str(error)) from error


def _records(
    path: str, file: BinaryIO, masked: Callable[[bytes], int], *, in_place: bool
) -> Iterator[Record]:
    place = 0
    while head := file.read(_LENGTH.size + _CRC.size):
        if len(head) < _LENGTH.size + _CRC.size:
            raise _damaged(path, "it is cut short")
        (length,) = _LENGTH.unpack_from(head)
        if _CRC.unpack_from(head, _LENGTH.size)[0] != masked(head[: _LENGTH.size]):
            raise _damaged(path, f"the checksum of the length at byte {place:,} is wrong")
        if length > RECORD_LIMIT:
            raise _damaged(path, f"a record of {length:,} bytes, more than {RECORD_LIMIT:,}")
        body, tail = file.read(length), file.read(_CRC.size)
        if len(body) < length or len(tail) < _CRC.size:
            raise _damaged(path, "it is cut short")
        sound = _CRC.unpack(tail)[0] == masked(body)
        yield Record(body, place + len(head) if in_place else None, sound)
        place += len(head) + length + len(tail)


def _damaged(path: str, reason: str) -> SourceError:
    return SourceError(
        f"{readable(path)!r} cannot be read on as a TFRecord file: {reason}. Make or download it "
        "again."
    )


def _masked() -> Callable[[bytes], int]:
    try:
        from google_crc32c import value
    except ImportError as error:
        raise MissingExtraError("TFRecord", "tfrecord") from error

    def masked(data: bytes) -> int:
        crc: int = value(data)
        return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF

    return masked
