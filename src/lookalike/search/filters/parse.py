"""From tokens to a tree: or, and, not, brackets, and conditions on one column each."""

from __future__ import annotations

from typing import get_args

from lookalike.errors import FilterError
from lookalike.search.filters.syntax import (
    Absence,
    And,
    Comparison,
    Leaf,
    Membership,
    Name,
    Not,
    Operator,
    Or,
    Pattern,
    Tree,
    Written,
)
from lookalike.search.filters.tokens import Token, tokens

MAX_DEPTH = 100
"""Brackets and nots inside one another."""
MAX_CONDITIONS = 200
KEYWORDS = ("and", "or", "not", "in", "like", "is", "null")
_OPERATORS: dict[str, Operator] = {operator: operator for operator in get_args(Operator)}
_EXAMPLE = 'As: label = "Dress" and price < 50'


def parse(text: str) -> Tree:
    """The tree of a filter. Raises `FilterError`."""
    return _Parser(text).whole()


class _Parser:
    """Reads tokens from left to right; each method reads one rule of the grammar."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._place = 0
        self._depth = 0
        self._conditions = 0

    def whole(self) -> Tree:
        """The whole filter."""
        if self._next().kind == "end":
            raise self._fault("The filter is empty.", _EXAMPLE)
        tree = self._any()
        if self._next().kind != "end":
            raise self._fault("Here an `and`, an `or` or the end was expected.", self._quote_hint())
        return tree

    def _any(self) -> Tree:
        terms = [self._all()]
        while self._takes("or"):
            terms.append(self._all())
        return terms[0] if len(terms) == 1 else Or(tuple(terms))

    def _all(self) -> Tree:
        terms = [self._one()]
        while self._takes("and"):
            terms.append(self._one())
        return terms[0] if len(terms) == 1 else And(tuple(terms))

    def _one(self) -> Tree:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._fault(f"More than {MAX_DEPTH} brackets and nots inside one another.")
        try:
            if self._takes("not"):
                return Not(self._one())
            if self._takes_mark("("):
                tree = self._any()
                if not self._takes_mark(")"):
                    raise self._fault("Here a closing bracket was expected.", self._quote_hint())
                return tree
            return self._condition()
        finally:
            self._depth -= 1

    def _condition(self) -> Tree:
        self._conditions += 1
        if self._conditions > MAX_CONDITIONS:
            hint = "Many values of one column go into one: column in (a, b, c)"
            raise self._fault(f"A filter has at most {MAX_CONDITIONS} conditions.", hint)
        name = self._name()
        if self._next().kind == "operator":
            operator = _OPERATORS[self._advance().text]
            return Comparison(name, operator, self._value())
        negated = self._takes("not")
        found: Leaf
        if self._takes("in"):
            found = Membership(name, self._values())
        elif self._takes("like"):
            found = Pattern(name, self._value())
        elif not negated and self._takes("is"):
            negated = self._takes("not")
            if not self._takes("null"):
                raise self._fault("Here `null` was expected.", f"As: {name.text} is not null")
            found = Absence(name)
        else:
            raise self._fault(
                "Here a comparison was expected.",
                "One of = != < <= > >= in, not in, like, not like, is null, is not null."
                + (" A name of several words is quoted." if self._next().kind == "word" else ""),
            )
        return Not(found) if negated else found

    def _name(self) -> Name:
        token = self._next()
        if token.kind not in {"word", "quoted"} or token.is_word(*KEYWORDS):
            raise self._fault("Here a column was expected.", self._quote_hint() or _EXAMPLE)
        self._advance()
        return Name(token.text, token.start, token.end)

    def _value(self) -> Written:
        token = self._next()
        if token.is_word("null"):
            raise self._fault("Nothing equals null.", "Write: is null, or: is not null")
        if token.kind not in {"word", "quoted"} or token.is_word(*KEYWORDS):
            raise self._fault("Here a value was expected.", self._quote_hint())
        self._advance()
        return Written(token.text, token.start, token.end)

    def _values(self) -> tuple[Written, ...]:
        if not self._takes_mark("("):
            raise self._fault("Here an opening bracket was expected.", "As: in (red, blue)")
        values = [self._value()]
        while self._takes_mark(","):
            values.append(self._value())
        if not self._takes_mark(")"):
            hint = "Values are parted by commas; one of several words is quoted."
            raise self._fault("Here a comma or a closing bracket was expected.", hint)
        return tuple(values)

    def _next(self) -> Token:
        return self._tokens[self._place]

    def _advance(self) -> Token:
        self._place += 1
        return self._tokens[self._place - 1]

    def _takes(self, word: str) -> bool:
        found = self._next().is_word(word)
        self._place += found
        return found

    def _takes_mark(self, mark: str) -> bool:
        found = self._next().kind == "mark" and self._next().text == mark
        self._place += found
        return found

    def _fault(self, problem: str, hint: str = "") -> FilterError:
        return FilterError(problem, self._text, self._next().start, self._next().end, hint)

    def _quote_hint(self) -> str:
        token = self._next()
        if token.is_word(*KEYWORDS):
            return f'{token.text} is a word of the language: write "{token.text}" to mean a text.'
        return "A text of several words is quoted." if token.kind == "word" else ""
