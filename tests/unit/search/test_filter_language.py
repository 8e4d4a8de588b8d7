from __future__ import annotations

import time

import pytest

from lookalike.errors import FilterError, UsageError
from lookalike.search.filters.evaluate import like
from lookalike.search.filters.names import called_by, find_field
from lookalike.search.filters.parse import MAX_CONDITIONS, MAX_DEPTH, parse
from lookalike.search.filters.syntax import (
    Absence,
    And,
    Comparison,
    Membership,
    Name,
    Not,
    Or,
    Pattern,
    Written,
)
from lookalike.search.filters.tokens import MAX_LENGTH
from lookalike.store.fields import IMAGE_FIELDS, Field


def fault(text: str) -> FilterError:
    with pytest.raises(FilterError) as caught:
        parse(text)
    return caught.value


def test_and_binds_more_closely_than_or_and_not_more_closely_than_both() -> None:
    tree = parse("a = 1 or not b = 2 and c = 3")
    a = Comparison(Name("a", 0, 1), "=", Written("1", 4, 5))
    b = Comparison(Name("b", 13, 14), "=", Written("2", 17, 18))
    c = Comparison(Name("c", 23, 24), "=", Written("3", 27, 28))
    assert tree == Or((a, And((Not(b), c))))
    bracketed = parse("(a = 1 or not b = 2) and c = 3")
    assert isinstance(bracketed, And)


@pytest.mark.parametrize(
    ("text", "operator"),
    [("a=1", "="), ("a == 1", "="), ("a != 1", "!="), ("a<>1", "!="), ("a<=1", "<="),
     ("a >= 1", ">="), ("a<1", "<"), ("a>1", ">")],
)  # fmt: skip
def test_operators_in_all_spellings(text: str, operator: str) -> None:
    tree = parse(text)
    assert isinstance(tree, Comparison)
    assert tree.operator == operator


def test_words_of_the_language_in_any_case() -> None:
    tree = parse("a NOT IN (x, 'y z', 3) And b Is Not Null AND c Like '%t'")
    assert isinstance(tree, And)
    member, absent, pattern = tree.terms
    assert isinstance(member, Not)
    assert isinstance(member.term, Membership)
    assert [value.text for value in member.term.values] == ["x", "y z", "3"]
    assert isinstance(absent, Not)
    assert isinstance(absent.term, Absence)
    assert isinstance(pattern, Pattern)


def test_quotes_make_names_and_values_of_anything() -> None:
    tree = parse('"Order ""by""" = \'it\'\'s; DROP TABLE images --\'')
    assert isinstance(tree, Comparison)
    assert tree.name.text == 'Order "by"'
    assert tree.value.text == "it's; DROP TABLE images --"
    in_ = parse("'in' in ('in', \"and\")")
    assert isinstance(in_, Membership)
    assert in_.name.text == "in"


def test_bare_values_hold_what_paths_and_dates_hold() -> None:
    tree = parse("id = dresses/7.jpg and day >= 2024-01-31T12:00+02:00 and x = -1.5e3")
    assert isinstance(tree, And)
    values = [term.value.text for term in tree.terms if isinstance(term, Comparison)]
    assert values == ["dresses/7.jpg", "2024-01-31T12:00+02:00", "-1.5e3"]


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("", 0, 0),
        ("a", 1, 1),
        ("a =", 3, 3),
        ("a = b c", 6, 7),
        ("a ! 5", 2, 3),
        ("a = 'open", 4, 5),
        ("(a = 1", 6, 6),
        ("a = 1)", 5, 6),
        ("a in 1", 5, 6),
        ("a in ()", 6, 7),
        ("a in (1 2)", 8, 9),
        ("a = null", 4, 8),
        ("a = and", 4, 7),
        ("null = 1", 0, 4),
        ("a is 5", 5, 6),
        ("a not = 5", 6, 7),
        ("a = 1 or", 8, 8),
        ("a = 1; drop table images", 7, 11),
        ("a = 1 union select 1", 6, 11),
    ],
)
def test_the_caret_stands_under_the_fault(text: str, start: int, end: int) -> None:
    error = fault(text)
    assert (error.start, error.end) == (start, end)
    _, shown, caret, *_ = error.lines
    assert shown == f"  {text}"
    assert caret == "  " + " " * start + "^" * max(1, end - start)
    assert isinstance(error, UsageError)


def test_wide_letters_move_the_caret_and_control_characters_are_not_printed() -> None:
    error = fault("日本 = 'x' oder 1")
    assert error.lines[2] == "  " + " " * 11 + "^^^^"
    hostile = fault("a\x1b[2J\r\n = ")
    assert all(line.isprintable() for line in hostile.lines)
    named = fault('"a\nb" is 5')
    assert all(line.isprintable() for line in named.lines)


def test_limits_of_length_depth_and_number() -> None:
    assert "100 brackets" in str(fault("(" * 100_000))
    assert f"{MAX_DEPTH} brackets" in str(fault("not " * 40_000 + "a = 1"))
    parse("(" * (MAX_DEPTH - 1) + "a = 1" + ")" * (MAX_DEPTH - 1))
    parse(" or ".join(["a = 1"] * MAX_CONDITIONS))
    assert "at most 200" in str(fault(" or ".join(["a = 1"] * (MAX_CONDITIONS + 1))))
    long = fault("a = " + "x" * MAX_LENGTH)
    assert f"{MAX_LENGTH:,}" in str(long)
    assert len(str(long)) < 500


def test_a_list_of_thousands_of_values_is_one_condition() -> None:
    values = ", ".join(str(number) for number in range(30_000))
    began = time.process_time()
    tree = parse(f"a in ({values})")
    assert isinstance(tree, Membership)
    assert len(tree.values) == 30_000
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    ("pattern", "fits", "not_"),
    [
        ("dress", ["dress", "DRESS"], ["dresses", "a dress", ""]),
        ("dr%", ["dr", "Dress"], ["adr"]),
        ("%ss", ["dress", "ss"], ["dresses"]),
        ("%e_s%", ["dress", "less"], ["es"]),
        ("a%a", ["aa", "aba"], ["a", "ab"]),
        ("%", ["", "x\ny"], []),
        ("_", ["x", "\n"], ["", "xy"]),
        ("", [""], ["x"]),
        (r"100\%", ["100%"], ["1000"]),
        (r"a\_b", ["a_b"], ["axb"]),
        ("ÄRGER%", ["ärgerlich"], ["arger"]),
        ("a.c*", ["a.c*"], ["abc"]),
        ("%a%b%", ["xaxbx", "ab"], ["ba"]),
        ("ab%ba", ["abba", "abxba"], ["aba"]),
    ],
)  # fmt: skip
def test_like(pattern: str, fits: list[str], not_: list[str]) -> None:
    says = like(pattern)
    assert [text for text in [*fits, *not_] if says(text.lower())] == fits


def test_a_pattern_of_many_wildcards_does_not_hang() -> None:
    began = time.process_time()
    assert not like("%a" * 500 + "%b")("a" * 20_000)
    assert not like("%a_" * 200 + "b%c")("a" * 20_000)
    assert time.process_time() - began < 2


FIELDS = [
    *IMAGE_FIELDS,
    Field("meta", "width"),
    Field("meta", "Size"),
    Field("meta", "two words"),
    Field("meta", "id"),
    Field("meta", 'odd"one'),
    Field("derived", "colour"),
    Field("meta", "image.height"),
    Field("meta", "derived.colour"),
]


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("width", Field("meta", "width")),
        ("image.width", Field("image", "width")),
        ("meta.width", Field("meta", "width")),
        ("height", Field("image", "height")),
        ("id", Field("image", "id")),
        ("meta.id", Field("meta", "id")),
        ("Size", Field("meta", "Size")),
        ("size", Field("image", "size")),
        ("COLOUR", Field("derived", "colour")),
        ("image.height", Field("image", "height")),
        ("derived.colour", Field("derived", "colour")),
        ("meta.derived.colour", Field("meta", "derived.colour")),
        ("SIZE", None),
        ("colours", None),
    ],
)
def test_which_column_a_name_means(name: str, field: Field | None) -> None:
    assert find_field(name, FIELDS) == field


def test_every_column_can_be_called_by_the_name_that_is_shown() -> None:
    for field in FIELDS:
        tree = parse(f"{called_by(field, FIELDS)} is null")
        assert isinstance(tree, Absence)
        assert find_field(tree.name.text, FIELDS) == field


def test_a_name_is_understood_as_it_is_shown_with_its_quotes() -> None:
    fields = [*FIELDS, Field("meta", "unit price"), Field("meta", 'in "quotes"')]
    shown = [called_by(field, fields) for field in fields]
    assert '"unit price"' in shown
    assert [find_field(name, fields) for name in shown] == fields
    assert find_field('"unit cost"', fields) is None
