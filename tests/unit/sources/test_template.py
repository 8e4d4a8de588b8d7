import pytest

from lookalike.errors import ImageRejectedError, UsageError
from lookalike.sources.template import column_template, parse_template


def test_columns_are_filled_in() -> None:
    template = parse_template("{kind}/{{x}}/{image}.jpg")
    assert template.columns == ("kind", "image")
    assert template.fill({"kind": "a b", "image": 7.0, "more": 1}) == "a b/{x}/7.jpg"


def test_what_stands_in_braces_is_a_name_and_nothing_more() -> None:
    cells = {"a.__class__": "1", "b[0]": "2", "c!r": "3", "d:>9": "4", "0": "5"}
    template = parse_template("{a.__class__}{b[0]}{c!r}{d:>9}{0}")
    assert template.columns == tuple(cells)
    assert template.fill(cells) == "12345"


def test_braces_in_values_are_left_alone() -> None:
    assert parse_template("{a}.jpg").fill({"a": "{b}", "b": "x"}) == "{b}.jpg"
    assert column_template("{a}").fill({"{a}": "{a}"}) == "{a}"


@pytest.mark.parametrize("template", ["{", "}", "a{}b", "{a", "a}", "{a}}", "{a{b}}"])
def test_stray_braces_are_refused(template: str) -> None:
    with pytest.raises(UsageError, match="without a column's name"):
        parse_template(template)


@pytest.mark.parametrize("template", ["", "images/a.jpg", "{{a}}"])
def test_a_template_without_a_column_is_refused(template: str) -> None:
    with pytest.raises(UsageError, match="names no column"):
        parse_template(template)


@pytest.mark.parametrize("value", [None, ""])
def test_an_empty_value_makes_no_path(value: str | None) -> None:
    with pytest.raises(ImageRejectedError, match="column 'a' is empty") as caught:
        parse_template("x/{a}.jpg").fill({"a": value})
    assert caught.value.reason == "bad-row"
