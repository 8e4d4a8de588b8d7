"""A filter that fits the columns: conditions with values of the columns' own kinds, and no not.

A condition holds only of an image that has a value; so does its opposite. With that the nots
move inward until none is left (De Morgan), and what comes out is what SQL's three-valued logic
calls true: an engine needs no third value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from lookalike.search.filters.syntax import Operator
from lookalike.store.column import Kind
from lookalike.store.fields import Field

Plain: TypeAlias = str | int | float | bool
"""Text, a number, a boolean, or a date as microseconds since 1970 in UTC, by the kind."""


@dataclass(frozen=True, slots=True)
class Test:
    """`field operator value`; for booleans = and != only, for lists never."""

    field: Field
    kind: Kind
    operator: Operator
    value: Plain


@dataclass(frozen=True, slots=True)
class OneOf:
    """The value is one of these, or none of them if `negated`; for a list: it has one of them."""

    field: Field
    kind: Kind
    values: tuple[Plain, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class Like:
    """A text, or a word of a list, is like `pattern` in any case, or none is if `negated`."""

    field: Field
    kind: Kind
    pattern: str
    negated: bool


@dataclass(frozen=True, slots=True)
class Missing:
    """The image has no value, or has one if `negated`."""

    field: Field
    negated: bool


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every term holds."""

    terms: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one term holds."""

    terms: tuple[Condition, ...]


Leaf: TypeAlias = Test | OneOf | Like | Missing
Condition: TypeAlias = Leaf | AllOf | AnyOf


def leaves(condition: Condition) -> Iterator[Leaf]:
    """The conditions on single columns, from left to right."""
    if isinstance(condition, AllOf | AnyOf):
        for term in condition.terms:
            yield from leaves(term)
    else:
        yield condition


def pattern_parts(pattern: str) -> list[str | None]:
    r"""A pattern as characters and wildcards: None for `_`, "" for `%`; `\` keeps the next."""
    parts: list[str | None] = []
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            parts.append(next(characters, "\\"))
        else:
            parts.append({"%": "", "_": None}.get(character, character))
    return parts
