"""A filter as an expression of Milvus, whose values are written as literals."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import assert_never

from lookalike.errors import UsageError
from lookalike.index.remote.milvus_text import writable
from lookalike.search.filters.typed import (
    AllOf,
    AnyOf,
    Condition,
    Like,
    Missing,
    OneOf,
    Plain,
    Test,
)
from lookalike.store.fields import Field

Named = Callable[[Field], str]
"""A column as Milvus knows it: a field's name, or `meta["..."]`; a date is an INT64 of
microseconds since 1970, a list an ARRAY of VARCHAR."""


def to_milvus(condition: Condition, named: Named) -> str:
    """The expression. Raises `UsageError` for `like`, which Milvus has only for equal case."""
    match condition:
        case AllOf() | AnyOf():
            word = " and " if isinstance(condition, AllOf) else " or "
            return "(" + word.join(to_milvus(term, named) for term in condition.terms) + ")"
        case Missing():
            return f"{named(condition.field)} is {'not ' if condition.negated else ''}null"
        case Test():
            operator = "==" if condition.operator == "=" else condition.operator
            return f"{named(condition.field)} {operator} {literal(condition.value)}"
        case OneOf():
            return _one_of(condition, named(condition.field))
        case Like():
            raise UsageError(
                f"Column {condition.field.name!r}: Milvus has no `like` that disregards case. "
                "Use =, in, or a filter in the library itself."
            )
        case _:
            assert_never(condition)


def literal(value: Plain) -> str:
    """A value as it is written in an expression; a text cannot end its quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(writable(value), ensure_ascii=False)
    return repr(value)


def _one_of(leaf: OneOf, column: str) -> str:
    """Milvus takes what has no value to be none of them, so that has to be left out."""
    values = f"[{', '.join(map(literal, leaf.values))}]"
    if leaf.kind == "list":
        found = f"array_contains_any({column}, {values})"
        return f"({column} is not null and not {found})" if leaf.negated else found
    if leaf.negated:
        return f"({column} is not null and {column} not in {values})"
    return f"{column} in {values}"
