"""How values that SQLite cannot hold as they are become cells, and come back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from lookalike.types import Blob, File, Location, ParquetCell, Scalar, TarMember, Web, ZipMember

_LOCATIONS: dict[str, type[Location]] = {
    "file": File,
    "zip": ZipMember,
    "tar": TarMember,
    "parquet": ParquetCell,
    "blob": Blob,
    "web": Web,
}
_KINDS = {kind: name for name, kind in _LOCATIONS.items()}


def name_cell(name: str) -> str | bytes:
    """A path or URI: text, or bytes where the name was never valid UTF-8."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogatepass")
    return name


def name_from(cell: str | bytes) -> str:
    """The name that `name_cell` stored, character for character."""
    return cell if isinstance(cell, str) else cell.decode("utf-8", "surrogatepass")


def plain(text: str) -> str:
    """`text` as valid Unicode, for what is only ever shown or compared."""
    return text.encode("utf-8", "backslashreplace").decode()


def location_cell(location: Location) -> str:
    """A location as ASCII JSON; the data of a blob or of the web are left out."""
    parts = {
        field.name: getattr(location, field.name)
        for field in fields(location)
        if field.name != "data"
    }
    return json.dumps({"kind": _KINDS[type(location)], **parts})


def location_from(cell: str) -> Location:
    """The location that `location_cell` stored."""
    parts: dict[str, Any] = json.loads(cell)
    kind = _LOCATIONS[parts.pop("kind")]
    return Blob(**parts, data=b"") if kind is Blob else kind(**parts)


def meta_cell(meta: Mapping[str, Scalar]) -> str:
    """Metadata as JSON that SQLite's own functions read; not-a-number becomes null."""
    return json.dumps({plain(name): _json_value(value) for name, value in meta.items()})


def meta_from(cell: str) -> dict[str, Scalar]:
    """The metadata that `meta_cell` stored."""
    meta: dict[str, Scalar] = json.loads(cell)
    return meta


def _json_value(value: Scalar) -> Scalar:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return plain(value) if isinstance(value, str) else value


def signed(phash: int) -> int:
    """A 64-bit hash as SQLite's signed integer."""
    return phash - (1 << 64) if phash >= 1 << 63 else phash


def unsigned(cell: int) -> int:
    """The 64-bit hash that `signed` stored."""
    return cell + (1 << 64) if cell < 0 else cell
