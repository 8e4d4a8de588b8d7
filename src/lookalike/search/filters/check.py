"""Holds a filter against the columns: values become of the columns' kinds, or are refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import assert_never

from lookalike.errors import FilterError
from lookalike.search.filters.parse import MAX_CONDITIONS
from lookalike.search.filters.syntax import (
    Absence,
    And,
    Comparison,
    Membership,
    Name,
    Not,
    Operator,
    Or,
    Pattern,
    Tree,
    Written,
)
from lookalike.search.filters.typed import (
    AllOf,
    AnyOf,
    Condition,
    Like,
    Missing,
    OneOf,
    Plain,
    Test,
    leaves,
)
from lookalike.sources.columns import FLOAT, INT, MAX_INT
from lookalike.store.column import Kind
from lookalike.store.fields import Field
from lookalike.store.moments import Span, span

Typed = Callable[[Name], tuple[Field, Kind]]
_OPPOSITE: dict[Operator, Operator] = {
    "=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">",
}  # fmt: skip
_ARTICLE: dict[Kind, str] = {
    "text": "text",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date",
    "list": "a list of words",
    "empty": "empty",
}


def check(tree: Tree, typed: Typed, text: str) -> Condition:
    """The filter in terms of columns. Raises `FilterError`."""
    found = _Checker(typed, text).condition(tree, negated=False)
    if sum(1 for _ in leaves(found)) > 2 * MAX_CONDITIONS:
        problem = f"Dates are compared one by one, here more than {2 * MAX_CONDITIONS} of them."
        raise FilterError(problem, text, 0, 0, "Use a range: day >= 2024-01-01 and day <= 2024-12")
    return found


class _Checker:
    """Walks down a tree; `negated` says that an odd number of nots stands above."""

    def __init__(self, typed: Typed, text: str) -> None:
        self._typed = typed
        self._text = text

    def condition(self, tree: Tree, *, negated: bool) -> Condition:
        """The tree, or its opposite."""
        match tree:
            case Not():
                return self.condition(tree.term, negated=not negated)
            case And() | Or():
                terms = tuple(self.condition(term, negated=negated) for term in tree.terms)
                return AllOf(terms) if isinstance(tree, And) != negated else AnyOf(terms)
            case Absence():
                return Missing(self._typed(tree.name)[0], negated)
            case Comparison():
                return self._comparison(tree, negated)
            case Membership():
                return self._membership(tree, negated)
            case Pattern():
                return self._pattern(tree, negated)
            case _:
                assert_never(tree)

    def _comparison(self, tree: Comparison, negated: bool) -> Condition:
        field, kind = self._typed(tree.name)
        operator = _OPPOSITE[tree.operator] if negated else tree.operator
        if kind in {"boolean", "list"} and tree.operator not in {"=", "!="}:
            ways = "= or !=" if kind == "boolean" else "=, in or like"
            raise self._fault(tree.name, kind, f"compare it with {ways}")
        if kind == "date":
            return _in_span(field, operator, self._span(tree.value))
        if kind == "list":
            return OneOf(field, kind, (tree.value.text,), operator == "!=")
        return Test(field, kind, operator, self._value(tree.value, kind, tree.name))

    def _membership(self, tree: Membership, negated: bool) -> Condition:
        field, kind = self._typed(tree.name)
        if kind == "date":
            spans = [self._span(value) for value in tree.values]
            terms = tuple(_in_span(field, "!=" if negated else "=", one) for one in spans)
            return AllOf(terms) if negated else AnyOf(terms)
        values = {self._value(value, kind, tree.name): None for value in tree.values}
        return OneOf(field, kind, tuple(values), negated)

    def _pattern(self, tree: Pattern, negated: bool) -> Condition:
        field, kind = self._typed(tree.name)
        if kind not in {"text", "list", "empty"}:
            raise self._fault(tree.name, kind, "like is for text")
        return Like(field, kind, tree.pattern.text, negated)

    def _value(self, value: Written, kind: Kind, name: Name) -> Plain:
        if kind == "number":
            number = _number(value.text)
            if number is None:
                raise self._wrong(value, kind, name)
            return number
        if kind == "boolean":
            if value.text.lower() not in {"true", "false"}:
                raise self._wrong(value, kind, name)
            return value.text.lower() == "true"
        return value.text

    def _span(self, value: Written) -> Span:
        found = span(value.text)
        if found is None:
            problem = f"{value.text[:80]!r} is no date."
            hint = "Write it as 2024-12-31, 2024-12, 2024 or 2024-12-31T23:59."
            raise FilterError(problem, self._text, value.start, value.end, hint)
        return found

    def _wrong(self, value: Written, kind: Kind, name: Name) -> FilterError:
        problem = f"Column {name.text!r} is {_ARTICLE[kind]}, {value.text[:80]!r} is not."
        return FilterError(problem, self._text, value.start, value.end)

    def _fault(self, name: Name, kind: Kind, hint: str) -> FilterError:
        problem = f"Column {name.text!r} is {_ARTICLE[kind]}: {hint}."
        return FilterError(problem, self._text, name.start, name.end)


def _number(text: str) -> int | float | None:
    if INT.fullmatch(text) and abs(int(text)) <= MAX_INT:
        return int(text)
    number = float(text) if FLOAT.fullmatch(text) else math.nan
    return number if math.isfinite(number) else None


def _in_span(field: Field, operator: Operator, over: Span) -> Condition:
    """A comparison with a day, a month or a year is one with its beginning or its end."""
    start, end = over

    def test(by: Operator, at: int) -> Test:
        return Test(field, "date", by, at)

    match operator:
        case "=":
            return AllOf((test(">=", start), test("<", end)))
        case "!=":
            return AnyOf((test("<", start), test(">=", end)))
        case "<":
            return test("<", start)
        case "<=":
            return test("<", end)
        case ">":
            return test(">=", end)
        case ">=":
            return test(">=", start)
