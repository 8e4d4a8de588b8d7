import pytest

from lookalike.sources.columns import as_text, convert, merged, native_kind, written_kind


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("0", "int"), ("-12", "int"), ("9223372036854775807", "int"),
        ("9223372036854775808", "text"), ("12345678901234567890123", "text"),
        ("007", "text"), ("+5", "text"), ("1_000", "text"), (" 5", "text"), ("5 ", "text"),
        ("\u0663", "text"), ("0x10", "text"), ("1,5", "text"), ("-", "text"), ("1\n", "text"),
        ("1.5", "float"), ("-0.0", "float"), ("1e5", "float"), ("1.5E-3", "float"),
        ("00.5", "text"), (".5", "text"), ("1.", "text"), ("nan", "text"), ("inf", "text"),
        ("1e999", "text"), ("1.2.3", "text"),
        ("True", "bool"), ("false", "bool"), ("TRUE", "bool"), ("yes", "text"), ("tRue", "text"),
    ],
)  # fmt: skip
def test_the_kind_of_a_written_cell(cell: str, kind: str) -> None:
    assert written_kind(cell) == kind


def test_the_kind_of_a_native_cell() -> None:
    cells = [True, 1, 2**63, 1.0, "1"]
    assert [native_kind(cell) for cell in cells] == ["bool", "int", "text", "float", "text"]


def test_merging_does_not_depend_on_the_order() -> None:
    kinds = ("bool", "int", "float", "text")
    for a in kinds:
        assert merged(None, a) == merged(a, a) == a
        for b in kinds:
            expected = a if a == b else "float" if {a, b} == {"int", "float"} else "text"
            assert merged(a, b) == merged(b, a) == expected


def test_converting() -> None:
    assert [convert(cell, "bool") for cell in ("TRUE", "false", False, None, "")] == [
        True, False, False, None, None,
    ]  # fmt: skip
    assert repr(convert("3", "float")) == "3.0"
    assert repr(convert(3, "float")) == "3.0"
    assert repr(convert("-0", "int")) == "0"
    assert convert("x", None) is None


def test_text_is_what_a_person_would_write() -> None:
    cells = [None, True, 7, 7.0, 7.5, 1e300, "x"]
    assert [as_text(cell) for cell in cells] == ["", "true", "7", "7", "7.5", "1e+300", "x"]
