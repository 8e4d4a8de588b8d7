"""The words every folder shares: where an image lies, what was offered, what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import UnknownNameError, UsageError, without_password

LIBRARY_NAME = ".lookalike"
"""The folder that is a library, in the folder it belongs to."""

Scalar: TypeAlias = str | int | float | bool | None
Metric = Literal["cosine", "l2", "l1", "ip", "hamming"]
FLOAT_METRICS: tuple[Metric, ...] = ("cosine", "l2", "l1", "ip")
BIT_METRICS: tuple[Metric, ...] = ("hamming",)
METRICS: tuple[Metric, ...] = FLOAT_METRICS + BIT_METRICS


def known_metric(name: str) -> Metric:
    """The metric of that name. Raises `UnknownNameError`."""
    for metric in METRICS:
        if metric == name:
            return metric
    raise UnknownNameError("metric", name, METRICS)


def check_metric(metric: Metric, *, bits: bool) -> None:
    """Refuse a metric that vectors of bits, or of floats, do not have. Raises `UsageError`."""
    fitting = BIT_METRICS if bits else FLOAT_METRICS
    if metric not in fitting:
        raise UsageError(
            f"Vectors of {'bits' if bits else 'floats'} cannot be compared by {metric}: "
            f"use {' or '.join(fitting)}."
        )


Pixels: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float32]
Halves: TypeAlias = NDArray[np.float16]
Keys: TypeAlias = NDArray[np.int64]
Bits: TypeAlias = NDArray[np.uint8]
"""Packed bits, the first in the highest place: n of them in ceil(n / 8) bytes."""
Stored: TypeAlias = NDArray[Any]
"""What a library keeps: float16 (dim,), or the packed bits of a space of bits, as `Bits`."""

REASONS: Mapping[str, str] = {
    "missing": "the file is not there",
    "unreadable": "the file is there but may not be read",
    "empty": "the file has no bytes",
    "not-an-image": "the bytes are not an image of a format that is read here",
    "truncated": "the image ends too early or its data are damaged",
    "too-large": "more pixels or bytes than the limit allows",
    "timeout": "downloading or decoding took longer than the limit allows",
    "out-of-memory": "decoding needed more memory than the limit allows",
    "crash": "the decoder crashed on this image",
    "bad-row": "the table row names no image",
    "bad-vector": "the model gave a vector that is zero or not finite",
    "bad-url": "the URL is malformed, has a password in it, or is not http or https",
    "forbidden": "the URL leads to an address or a port that is not of the public web",
    "dns": "the name of the server has no address",
    "connection": "the server could not be reached, or hung up",
    "tls": "the server's certificate is not valid",
    "http": "the server answered with an error",
    "redirects": "one redirect after another",
    "protocol": "the server's answer is not proper HTTP",
    "robots": "the site asks programs not to take this image",
}


@dataclass(frozen=True, slots=True)
class File:
    """A file on disk; undecodable bytes of its name are kept as surrogate escapes."""

    path: str


@dataclass(frozen=True, slots=True)
class ZipMember:
    """A member of a zip archive; `length` is its uncompressed size in bytes."""

    path: str
    name: str
    length: int


@dataclass(frozen=True, slots=True)
class TarMember:
    """A member of an uncompressed tar or TFRecord file: a slice of that file."""

    path: str
    name: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that can be had only once, such as a member of a compressed tar."""

    path: str
    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ParquetCell:
    """An image in row `row`, from 0, of a Parquet file; `column` is the path of its leaf.

    `length` is its size in bytes. `data` are its bytes while they are at hand; without them its
    row group is read again.
    """

    path: str
    name: str
    column: str
    row: int
    length: int
    data: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Web:
    """An image on the web; `data` are its bytes once they have been fetched."""

    url: str
    data: bytes = field(default=b"", repr=False)


Location: TypeAlias = File | ZipMember | TarMember | ParquetCell | Blob | Web


def location_uri(location: Location) -> str:
    """One line naming a location: the path, `archive!member`, or the URL without its password."""
    if isinstance(location, Web):
        return without_password(location.url)
    if isinstance(location, File):
        return location.path
    return f"{location.path}!{location.name}"


def readable(text: str) -> str:
    """`text` as valid Unicode: foreign bytes become `\\xNN`, lone surrogates `\\uNNNN`."""
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = text.encode("utf-8", "backslashreplace")
    return data.decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class Reference:
    """One image that a source offers. `id` is stable between runs and valid Unicode.

    A source that says nothing of labels, or of metadata, leaves those that the id has already:
    `tells_label` and `tells_meta` are then false.
    """

    id: str
    location: Location
    label: str | None = None
    meta: Mapping[str, Scalar] = field(default_factory=dict)
    tells_label: bool = field(default=True, compare=False)
    tells_meta: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells an unchanged file without opening it: bytes and modification time (ns)."""

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Content:
    """What the bytes of an image are, whatever name they go by.

    `width` and `height` are upright pixels; `phash` is a 64-bit perceptual hash.
    """

    sha256: bytes
    size: int
    width: int
    height: int
    format: str
    phash: int


NO_IMAGE = "none"
"""The format of an entry that has a vector and no image."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """New content, now with a vector: float32 of shape (dim,), or packed bits."""

    reference: Reference
    stamp: Stamp
    content: Content
    vector: NDArray[Any]
    thumbnail: bytes | None = None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Content that the library holds already under another id; the vector is shared."""

    reference: Reference
    stamp: Stamp
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The same image under the same id; label, metadata and stamp are brought up to date."""

    reference: Reference
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Rejected:
    """An image that was offered and cannot be used; `reason` is a key of `REASONS`."""

    id: str
    uri: str
    reason: str
    detail: str = ""


Outcome: TypeAlias = Embedded | Duplicate | Unchanged | Rejected
OutcomeKind = Literal["embedded", "duplicate", "unchanged", "rejected"]


def outcome_kind(outcome: Outcome) -> OutcomeKind:
    """The word under which an outcome is counted."""
    match outcome:
        case Embedded():
            return "embedded"
        case Duplicate():
            return "duplicate"
        case Unchanged():
            return "unchanged"
        case Rejected():
            return "rejected"


@dataclass(frozen=True, slots=True)
class Known:
    """What a library knows of an id before the image is looked at again.

    `checked_ns` is when the bytes were last read; `missing_vector` is true when the space
    at hand has no vector of this content yet.
    """

    uri: str
    stamp: Stamp
    checked_ns: int
    sha256: bytes
    label: str | None
    meta: Mapping[str, Scalar]
    missing_vector: bool


Stop: TypeAlias = Callable[[], bool]
