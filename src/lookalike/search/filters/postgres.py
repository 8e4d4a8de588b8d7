"""A filter as a condition of PostgreSQL: text with placeholders, and the values for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

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
from lookalike.store.column import Kind
from lookalike.store.fields import Field

Named = Callable[[Field], str]
"""A column as SQL, quoted; its type is text, bigint or double precision, boolean, timestamptz,
or text[] by the field's kind."""

Parameter: TypeAlias = Plain | datetime | list[Plain]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_postgres(condition: Condition, named: Named) -> tuple[str, list[Parameter]]:
    """SQL with a `%s` for each of the values, as psycopg takes them.

    Nothing that a person wrote stands in the text: columns are named by `named`, everything
    else is a value.
    """
    values: list[Parameter] = []

    def sql(condition: Condition) -> str:
        match condition:
            case AllOf() | AnyOf():
                word = " AND " if isinstance(condition, AllOf) else " OR "
                return "(" + word.join(map(sql, condition.terms)) + ")"
            case Missing():
                absent = "IS NOT NULL" if condition.negated else "IS NULL"
                return f"{named(condition.field)} {absent}"
            case Test():
                values.append(_value(condition.value, condition.kind))
                # the order of code points, as everywhere else, and not that of a language
                ordered = condition.kind in {"text", "empty"} and condition.operator not in _SAME
                collation = ' COLLATE "C"' if ordered else ""
                operator = "<>" if condition.operator == "!=" else condition.operator
                return f"{named(condition.field)}{collation} {operator} %s"
            case OneOf():
                values.append(_list(condition.values))
                within = "&&" if condition.kind == "list" else "= ANY"
                found = f"{named(condition.field)} {within} (%s)"
                return f"NOT ({found})" if condition.negated else found
            case Like():
                values.append(condition.pattern)
                return _like(condition, named(condition.field))

    return sql(condition), values


_SAME = {"=", "!="}


def _like(leaf: Like, column: str) -> str:
    if leaf.kind == "list":
        found = f"EXISTS (SELECT FROM unnest({column}) AS word WHERE word ILIKE %s)"
        return f"({column} IS NOT NULL AND NOT {found})" if leaf.negated else found
    return f"{column} {'NOT ' if leaf.negated else ''}ILIKE %s"


def _list(values: Sequence[Plain]) -> list[Plain]:
    """The values as one array, all whole numbers or none."""
    if any(isinstance(value, float) for value in values):
        return [float(value) for value in values]
    return list(values)


def _value(value: Plain, kind: Kind) -> Parameter:
    if kind == "date":
        return _EPOCH + timedelta(microseconds=int(value))
    return value
