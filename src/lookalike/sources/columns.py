"""The types of a table's columns: one type for a whole column, found by reading it all."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Literal, TypeAlias

from lookalike.errors import SourceError
from lookalike.types import Scalar, readable

Kind: TypeAlias = Literal["bool", "int", "float", "text"]

MAX_COLUMNS = 2000
MAX_INT = 2**63 - 1

BOOLS = frozenset({"true", "false", "True", "False", "TRUE", "FALSE"})
INT = re.compile(r"-?(0|[1-9][0-9]{0,18})")
FLOAT = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


class ColumnKinds:
    """Collects the kind of each column row by row; a column of empty cells stays None."""

    def __init__(self, *, typed: bool) -> None:
        self._kind = native_kind if typed else written_kind
        self.kinds: dict[str, Kind | None] = {}

    def observe(self, cells: Mapping[str, Scalar]) -> None:
        """Take one row into account; raises `SourceError` above 2,000 columns."""
        for column, cell in cells.items():
            known = self.kinds.get(column)
            if known == "text" or cell is None or cell == "":
                self.kinds.setdefault(column, None)
                continue
            self.kinds[column] = merged(known, self._kind(cell))
        if len(self.kinds) > MAX_COLUMNS:
            raise SourceError(f"The table has more than {MAX_COLUMNS:,} columns.")


def written_kind(cell: Scalar) -> Kind:
    """What a cell of a text table is; `007`, `1_000` and what 64 bits cannot hold are text."""
    text = str(cell)
    if text in BOOLS:
        return "bool"
    if INT.fullmatch(text):
        return "int" if abs(int(text)) <= MAX_INT else "text"
    if FLOAT.fullmatch(text) and math.isfinite(float(text)):
        return "text" if text.lstrip("-").isdigit() else "float"
    return "text"


def native_kind(cell: Scalar) -> Kind:
    """What a cell is that has its type already."""
    match cell:
        case bool():
            return "bool"
        case int():
            return "int" if abs(cell) <= MAX_INT else "text"
        case float():
            return "float"
        case _:
            return "text"


def merged(known: Kind | None, new: Kind) -> Kind:
    """One kind for both: int and float make float, any other two make text."""
    if known is None or known == new:
        return new
    return "float" if {known, new} == {"int", "float"} else "text"


def convert(cell: Scalar, kind: Kind | None) -> Scalar:
    """The cell as a value of its column's kind; None where it is empty."""
    if cell is None or cell == "" or kind is None:
        return None
    if kind == "text":
        return readable(as_text(cell))
    if kind == "bool":
        return str(cell).lower() == "true"
    return int(cell) if kind == "int" else float(cell)


def as_text(cell: Scalar) -> str:
    """A cell as a person would write it: `7` for 7 and 7.0, `true`, an empty text for None."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer() and abs(cell) < 2**53:
            return str(int(cell))
        case _:
            return str(cell)


def plain(value: object) -> Scalar:
    """A value from JSON or Parquet as a scalar: lists and objects become JSON text, NaN None."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | int | float):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
