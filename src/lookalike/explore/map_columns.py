"""Columns of a map's page: whatever the values are, a few kinds that a legend can show."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from lookalike.store.column import Value

MOST = 20
"""Kinds that a legend names; the rest share one."""
BINS = 6
_LONGEST = 80

Plain: TypeAlias = str | int | float | bool | None


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
    places: dict[tuple[type, Value], int] = {}
    codes = [places.setdefault((type(value), value), len(places)) for value in values]
    return coded_legend(name, [value for _, value in places], np.array(codes, dtype=np.int64))


def coded_legend(name: str, values: Sequence[Value], codes: NDArray[np.integer]) -> Legend | None:
    """The same of a column whose `codes` (n,) count through its `values`; -1 is none."""
    plain = [*map(_plain, values), None]
    counts = np.bincount(np.where(codes < 0, len(values), codes), minlength=len(plain)).tolist()
    counted: Counter[str] = Counter()
    for value, count in zip(plain, counts, strict=True):
        if value is not None and count:
            counted[str(value)] += count
    if len(counted) < 2 and counted.total() in {0, len(codes)}:
        return None
    used = [value for value, count in zip(plain, counts, strict=True) if count]
    if len(counted) > MOST and all(_is_number(value) for value in used if value is not None):
        return _bins(name, plain, codes)
    return _kinds(name, plain, codes, counted)


def _kinds(
    name: str, plain: Sequence[Plain], codes: NDArray[np.integer], counted: Counter[str]
) -> Legend:
    ranked = sorted(counted, key=lambda text: (-counted[text], text))
    shown = ranked[:MOST]
    code = {text: number for number, text in enumerate(shown)}
    names = [text[:_LONGEST] for text in shown]
    rest = len(ranked) - len(shown)
    if rest:
        names.append(f"{rest:,} more values")
    if counted.total() < len(codes):
        names.append("no value")
    kinds = [
        len(names) - 1 if value is None else code.get(str(value), len(shown)) for value in plain
    ]
    # a value that no image has may stand for a kind that is not there
    table = np.minimum(kinds, len(names) - 1).astype(np.uint8)
    return Legend(name, names, table[codes], False, len(shown))


def _bins(name: str, plain: Sequence[Plain], codes: NDArray[np.integer]) -> Legend:
    """Numbers in up to six bins of about as many images each."""
    of_values = [float(v) if isinstance(v, int | float) else np.nan for v in plain]
    numbers = np.array(of_values)[codes]
    known = ~np.isnan(numbers)
    edges = np.unique(np.quantile(numbers[known], np.linspace(0, 1, BINS + 1)))
    places = np.searchsorted(edges[1:-1], numbers, side="right")
    names = [f"{low:.6g} to {high:.6g}" for low, high in pairwise(edges)]
    bins = len(names)
    if not known.all():
        names.append("no value")
        places[~known] = bins
    return Legend(name, names, places.astype(np.uint8), True, bins)


def _plain(value: Value) -> Plain:
    """A value as one scalar; None for what is none, such as a number that is not one."""
    if isinstance(value, tuple):
        return ", ".join(value) or None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value != "" else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
