"""A filter as it is written: a tree of conditions that knows nothing of the columns yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Operator = Literal["=", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a column, and where it stands."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Written:
    """A value as it is written, without its quotes, and where it stands."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """`name operator value`."""

    name: Name
    operator: Operator
    value: Written


@dataclass(frozen=True, slots=True)
class Membership:
    """`name in (values)`."""

    name: Name
    values: tuple[Written, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """`name like pattern`."""

    name: Name
    pattern: Written


@dataclass(frozen=True, slots=True)
class Absence:
    """`name is null`."""

    name: Name


@dataclass(frozen=True, slots=True)
class Not:
    """What is not so."""

    term: Tree


@dataclass(frozen=True, slots=True)
class And:
    """All of them."""

    terms: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of them."""

    terms: tuple[Tree, ...]


Leaf: TypeAlias = Comparison | Membership | Pattern | Absence
Tree: TypeAlias = Leaf | Not | And | Or
