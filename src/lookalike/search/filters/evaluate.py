"""Which images a filter leaves, from coded columns: each different value is looked at once."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lookalike.index.blocks import Mask
from lookalike.search.filters.syntax import Operator
from lookalike.search.filters.typed import (
    AllOf,
    AnyOf,
    Condition,
    Leaf,
    Like,
    Missing,
    OneOf,
    Test,
    pattern_parts,
)
from lookalike.sources.columns import MAX_INT
from lookalike.store.column import Column
from lookalike.store.column_cache import Part
from lookalike.store.moments import NO_MOMENT
from lookalike.types import Keys

Says: TypeAlias = Callable[[Any], object]
"""Something that is true of a word, or not."""
_BY: dict[Operator, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TURNED: dict[Operator, str] = {"<": "__gt__", "<=": "__ge__", ">": "__lt__", ">=": "__le__"}


def matching(condition: Condition, parts: Sequence[Part]) -> Keys:
    """The keys (m,), rising, of the images of which a condition holds."""
    found = []
    for part in parts:
        mask = _mask(condition, part)
        found.append(part.keys[mask if part.live is None else mask & part.live])
    return found[0] if len(found) == 1 else np.sort(np.concatenate(found))


def _mask(condition: Condition, part: Part) -> Mask:
    if isinstance(condition, AllOf | AnyOf):
        both = np.logical_and if isinstance(condition, AllOf) else np.logical_or
        mask = _mask(condition.terms[0], part)
        for term in condition.terms[1:]:
            mask = both(mask, _mask(term, part))
        return mask
    column = part.columns[condition.field]
    # the code of no value is -1, which is the last of the flags
    flags = np.append(_flags(condition, column), isinstance(condition, Missing))
    if isinstance(condition, Missing) and condition.negated:
        flags = ~flags
    found: Mask = flags[column.codes]
    return found


def _flags(leaf: Leaf, column: Column) -> Mask:
    """Of each value of a column, whether a condition holds; without a value it never does."""
    match leaf:
        case Missing():
            return np.zeros(sum(column.sizes.values()), dtype=np.bool_)
        case Test(kind="number"):
            return _of_numbers(column, lambda numbers: _BY[leaf.operator](numbers, leaf.value))
        case OneOf(kind="number"):
            return _of_numbers(column, lambda numbers: _among(numbers, leaf.values)) ^ leaf.negated
        case Test(kind="date"):
            dates = column.dates
            holds = _BY[leaf.operator](dates, leaf.value) & (dates != NO_MOMENT)
            return _joined(column, text=holds)
        case Test(operator="=" | "!="):
            same = frozenset([leaf.value]).__contains__
            return _of_words(leaf, column, same) ^ (leaf.operator == "!=")
        case Test():
            # value.__gt__ is a call in C, which counts where a million texts differ
            says: Says = getattr(leaf.value, _TURNED[leaf.operator])
            return _of_words(leaf, column, says)
        case OneOf():
            return _of_words(leaf, column, frozenset(leaf.values).__contains__) ^ leaf.negated
        case Like():
            return _of_words(leaf, column, like(leaf.pattern)) ^ leaf.negated


def _of_numbers(column: Column, says: Callable[[NDArray[Any]], Mask]) -> Mask:
    return _joined(column, int=says(column.ints), float=says(column.floats))


def _of_words(leaf: Test | OneOf | Like, column: Column, says: Says) -> Mask:
    """Of texts, of booleans, or of the words of lists, of which one is enough."""
    lower = isinstance(leaf, Like)
    if leaf.kind == "boolean":
        return _joined(column, boolean=_array(map(says, column.booleans.tolist())))
    if leaf.kind == "list":
        found = (map(str.lower, words) if lower else words for words in column.lists)
        return _joined(column, list=_array(any(map(says, words)) for words in found))
    texts = _array(map(says, column.lower_words if lower else column.words))
    return np.append(texts, np.zeros(len(column.lists), dtype=np.bool_))


def _array(flags: Iterable[object]) -> Mask:
    return np.fromiter(flags, dtype=np.bool_)  # true or not, as Python sees it


def _joined(column: Column, **of: Mask) -> Mask:
    """Flags of values of some sorts, and False for the others."""
    none = {sort: np.zeros(count, dtype=np.bool_) for sort, count in column.sizes.items()}
    return np.concatenate([of.get(sort, flags) for sort, flags in none.items()])


def _among(numbers: NDArray[Any], values: Sequence[Any]) -> Mask:
    """Whether each number is one of some values; a value with a fraction is no whole number."""
    if numbers.dtype == np.int64:
        values = [int(value) for value in values if value == int(value) and abs(value) <= MAX_INT]
    return np.isin(numbers, np.array(values, dtype=numbers.dtype))


def like(pattern: str) -> Says:
    """Whether a text in lower case is like a pattern in any, in time linear in the text.

    What stands between two `%` is taken where it first fits and never tried again elsewhere.
    """
    parts = pattern_parts(pattern.lower())
    inside = parts[1:-1]
    if len(parts) > 2 and parts[0] == parts[-1] == "" and all(inside):
        word = "".join(filter(None, inside))
        return lambda text: word in text
    if None not in parts and parts.count("") == 1:
        at = parts.index("")
        start, end = "".join(filter(None, parts[:at])), "".join(filter(None, parts[at + 1 :]))
        least = len(start) + len(end)
        return lambda text: text.endswith(end) and text.startswith(start) and len(text) >= least
    pieces = [""]
    for part in parts:
        if part == "":
            pieces.append("")
        else:
            pieces[-1] += "." if part is None else re.escape(part)
    first, *rest = pieces
    inner = "".join(f"(?>.*?{piece})" for piece in rest[:-1] if piece)
    last = f".*{rest[-1]}" if rest else ""
    return re.compile(rf"{first}{inner}{last}\Z", re.DOTALL).match
