"""Values of columns as PostgreSQL takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from numpy.typing import NDArray
from pgvector import Bit

from lookalike.store.column import Kind, Value

TYPES: Mapping[Kind, str] = {
    "text": "text",
    "number": "numeric",
    "boolean": "bool",
    "date": "timestamptz",
    "list": "text[]",
    "empty": "text",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def cell(value: Value, kind: Kind) -> object:
    """A value of a column, None for none; see `mirror.of_kind` for what it may be."""
    if kind == "date" and isinstance(value, int):
        return _EPOCH + timedelta(microseconds=value)
    if kind == "number" and isinstance(value, float):
        return Decimal(repr(value))
    return clean(value)


def clean(value: Any) -> Any:
    """A value, or a list of them, whose texts have no NUL: PostgreSQL has no such text."""
    if isinstance(value, str):
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, Sequence):
        return [clean(one) for one in value]
    return value


def bits(packed: NDArray[Any], length: int) -> Bit:
    """Packed bits (ceil(length / 8),) as a value of `bit(length)`."""
    return Bit.from_binary(length.to_bytes(4) + packed.tobytes())
