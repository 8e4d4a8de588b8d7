"""What every table reader yields: rows by column name, or what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lookalike.types import Scalar


@dataclass(frozen=True, slots=True)
class Row:
    """One row, or its problem; `number` is its first line (of text) or its place, from 1."""

    number: int
    cells: Mapping[str, Scalar] = field(default_factory=dict)
    problem: str = ""
