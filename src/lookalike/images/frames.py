"""The messages between the pool and its worker processes: a JSON header and raw bytes."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import IO, Any, TypeAlias

from lookalike.types import Blob, File, Location, ParquetCell, TarMember, Web, ZipMember

LENGTHS = struct.Struct(">II")
Answer: TypeAlias = tuple[Mapping[str, Any], bytes]
"""A header and raw bytes."""
KINDS: dict[str, type[File] | type[ZipMember] | type[TarMember]] = {
    "file": File,
    "zip": ZipMember,
    "tar": TarMember,
}
WITH_DATA: dict[str, type[Blob] | type[Web] | type[ParquetCell]] = {
    "blob": Blob,
    "web": Web,
    "parquet": ParquetCell,
}


def send(
    stream: IO[bytes], header: Mapping[str, Any], payload: bytes = b"", *, more: bool = False
) -> None:
    """Write one message; the last one, with no `more` to follow at once, is on its way then."""
    text = json.dumps(header).encode("ascii")
    stream.write(LENGTHS.pack(len(text), len(payload)))
    stream.write(text)
    stream.write(payload)
    if not more:
        stream.flush()


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    """Read one message. Raises `EOFError` when the other side is gone."""
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        raise EOFError("the other side closed the pipe")
    header, payload = LENGTHS.unpack(lengths)
    text, data = stream.read(header), stream.read(payload)
    if len(text) < header or len(data) < payload:
        raise EOFError("the other side closed the pipe in the middle of a message")
    return json.loads(text), data


def pack_location(location: Location) -> tuple[dict[str, Any], bytes]:
    """A location as a header and a payload."""
    match location:
        case File(path):
            return {"kind": "file", "path": path}, b""
        case ZipMember(path, name, length):
            return {"kind": "zip", "path": path, "name": name, "length": length}, b""
        case TarMember(path, name, offset, length):
            fields = {"path": path, "name": name, "offset": offset, "length": length}
            return {"kind": "tar", **fields}, b""
        case ParquetCell(path, name, column, row, length, data):
            place = {"path": path, "name": name, "column": column, "row": row, "length": length}
            return {"kind": "parquet", **place}, data
        case Web(url, data):
            return {"kind": "web", "url": url}, data
        case Blob(path, name, data):
            return {"kind": "blob", "path": path, "name": name}, data


def unpack_location(header: dict[str, Any], payload: bytes) -> Location:
    """The inverse of `pack_location`."""
    fields = {key: value for key, value in header.items() if key != "kind"}
    if header["kind"] in WITH_DATA:
        return WITH_DATA[header["kind"]](**fields, data=payload)
    return KINDS[header["kind"]](**fields)
