"""Reads answers into records: what a newer server adds is passed over, what is left out is None."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

Record = TypeVar("Record")


def read(kind: type[Record], data: Any) -> Record:
    """The JSON of an answer as a record of `kind`, records inside it too."""
    hints = _hints(cast("Hashable", kind))
    return kind(**{name: _value(hint, data.get(name)) for name, hint in hints.items()})


@cache
def _hints(kind: Hashable) -> dict[str, Any]:
    return get_type_hints(kind)


def _value(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if get_origin(hint) is UnionType:
        (hint, *_) = [one for one in get_args(hint) if one is not NoneType]
    if get_origin(hint) is list:
        (inner,) = get_args(hint)
        return [_value(inner, one) for one in value]
    return read(hint, value) if is_dataclass(hint) and isinstance(hint, type) else value
