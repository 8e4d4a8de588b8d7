"""Cells as people meant them: no stray space, no word that a program wrote for nothing."""

from __future__ import annotations

import re
from typing import Final

from lookalike.types import Scalar

NOTHING: Final = frozenset(
    {"null", "NULL", "NaN", "nan", "None", "<NA>", "N/A", "n/a", "#N/A", "NaT", "undefined"}
)
"""Words for an empty cell, as programs write them; `NA` and `none` may be somebody's data."""
UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]"
)
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


def tidied(cell: Scalar) -> Scalar:
    """The cell without space around it and without what cannot be seen; "" for words of nothing."""
    if not isinstance(cell, str):
        return cell
    plain = cell.isascii() and cell.isprintable()
    text = (cell if plain else UNSEEN.sub("", cell)).strip()
    return "" if text in NOTHING else text


def is_number(cell: Scalar) -> bool:
    """Whether a cell that is not empty holds a number."""
    if isinstance(cell, str):
        return NUMBER.fullmatch(cell) is not None
    return isinstance(cell, int | float) and not isinstance(cell, bool)
