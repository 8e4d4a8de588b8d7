"""Columns of a map's page: whatever the values are, a few kinds that a legend can show."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lookalike.store.column import Value

MOST = 20
"""Kinds that a legend names; the rest share one."""
BINS = 6
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Legend:
    """A column as kinds: `codes` (n,) uint8 count through `names`.

    `ordered` says that the kinds rise, as bins of numbers do. The last names may stand for
    everything else, and for no value: `kinds` says how many stand before those.
    """

    name: str
    names: list[str]
    codes: NDArray[np.uint8]
    ordered: bool
    kinds: int


def legend(name: str, values: Sequence[Value]) -> Legend | None:
    """The legend of a column (n,); None when it has no values, or only one."""
    plain = [_plain(value) for value in values]
    there = [value for value in plain if value is not None]
    different = len(set(map(str, there)))
    if different < 2 and len(there) == len(plain):
        return None
    if not there:
        return None
    if different > MOST and all(_is_number(value) for value in there):
        return _bins(name, plain)
    return _kinds(name, ["" if value is None else str(value) for value in plain], plain)


def _kinds(name: str, texts: Sequence[str], plain: Sequence[object]) -> Legend:
    counted = Counter(text for text, value in zip(texts, plain, strict=True) if value is not None)
    ranked = sorted(counted, key=lambda text: (-counted[text], text))
    shown = ranked[:MOST]
    code = {text: number for number, text in enumerate(shown)}
    names = [text[:_LONGEST] for text in shown]
    rest = len(ranked) - len(shown)
    if rest:
        names.append(f"{rest:,} more values")
    if counted.total() < len(plain):
        names.append("no value")
    codes = [
        len(names) - 1 if value is None else code.get(text, len(shown))
        for text, value in zip(texts, plain, strict=True)
    ]
    return Legend(name, names, np.array(codes, dtype=np.uint8), False, len(shown))


def _bins(name: str, plain: Sequence[object]) -> Legend:
    """Numbers in up to six bins of about as many images each."""
    numbers = np.array([np.nan if v is None else float(str(v)) for v in plain])
    known = ~np.isnan(numbers)
    edges = np.unique(np.quantile(numbers[known], np.linspace(0, 1, BINS + 1)))
    codes = np.searchsorted(edges[1:-1], numbers, side="right")
    names = [f"{low:.6g} to {high:.6g}" for low, high in pairwise(edges)]
    bins = len(names)
    if not known.all():
        names.append("no value")
        codes[~known] = bins
    return Legend(name, names, codes.astype(np.uint8), True, bins)


def _plain(value: Value) -> str | int | float | bool | None:
    """A value as one scalar; None for what is none, such as a number that is not one."""
    if isinstance(value, tuple):
        return ", ".join(value) or None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value != "" else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
