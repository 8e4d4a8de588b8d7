from __future__ import annotations

import operator
import random
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from filter_making import Filtering
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.errors import FilterError
from lookalike.search.filters.resolve import filtered
from lookalike.types import Scalar

Row = tuple[str | None, dict[str, Scalar]]
RNG = random.Random(3)
LABELS = ["Dress", "T-Shirt", "dress", "O'Neill", "Überrock", 'the "best"', "a%b_c", "", "日本"]
PRICES: list[Scalar] = [0, 5, 5.0, -3, 12.5, 1e10, 49.99, 2**40]
DAYS = ["2024-01-31", "2024-02-01", "2024-02-29T23:59:59Z", "2024-02-29T23:59:59+02:00",
        "2023-12-31T23:30:00-01:00", "1999-12-31"]  # fmt: skip
OPERATORS = {"=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
             ">": operator.gt, ">=": operator.ge}  # fmt: skip


def or_none(value: Scalar) -> Scalar:
    return None if RNG.random() < 0.15 else value


def made_up() -> Row:
    meta: dict[str, Scalar] = {
        "price": or_none(RNG.choice(PRICES)),
        "in stock": or_none(RNG.random() < 0.5),
        "day": or_none(RNG.choice(DAYS)),
        "mixed": or_none(RNG.choice([7, "seven", True, 7.5])),
    }
    if RNG.random() < 0.3:
        meta.pop(RNG.choice(list(meta)))
    label = or_none(RNG.choice(LABELS))
    return (None if label is None else str(label)), meta


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Filtering, dict[str, Row]]]:
    """A thousand images in the cache, and after it some added, removed and told anew."""
    made = Filtering(tmp_path_factory.mktemp("filters") / ".lookalike")
    rows = {f"{number:04}.jpg": made_up() for number in range(1100)}
    made.put(rows)
    everything = "price >= 0 or label is null or 'in stock' = true or day < 2030 or mixed = x"
    made.ids(everything)
    assert list(Path(made.store.directory, "cache").glob("columns.*.column"))
    later = {f"late {number}.jpg": made_up() for number in range(30)}
    told = {f"{number:04}.jpg": made_up() for number in range(0, 60, 2)}
    gone = [f"{number:04}.jpg" for number in range(100, 120)]
    made.put(later)
    made.tell(told)
    made.store.remove(gone)
    rows |= later | told
    yield made, {id_: row for id_, row in rows.items() if id_ not in gone}
    made.store.close()


# The slow way, with the three values of SQL: True, False and None for unknown.


def moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def compare(value: Scalar, by: str, literal: Scalar) -> bool | None:
    return None if value is None else bool(OPERATORS[by](value, literal))


def compare_day(value: Scalar, by: str, day: str) -> bool | None:
    if value is None:
        return None
    start = moment(day)
    end = start + timedelta(days=1)
    at = moment(str(value))
    return {"=": start <= at < end, "!=": not start <= at < end, "<": at < start,
            "<=": at < end, ">": at >= end, ">=": at >= start}[by]  # fmt: skip


def is_like(value: str | None, pattern: str) -> bool | None:
    if value is None:
        return None
    if not pattern:
        return not value
    if pattern[0] == "%":
        return any(is_like(value[start:], pattern[1:]) for start in range(len(value) + 1))
    if not value or (pattern[0] != "_" and pattern[0].lower() != value[0].lower()):
        return False
    return is_like(value[1:], pattern[1:])


def negative(value: bool | None) -> bool | None:
    return None if value is None else not value


def every(values: list[bool | None]) -> bool | None:
    return False if False in values else None if None in values else True


def some(values: list[bool | None]) -> bool | None:
    return True if True in values else None if None in values else False


def as_text(value: Scalar) -> str | None:
    if value is None:
        return None
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def cell(row: Row, column: str) -> Scalar:
    return row[0] if column == "label" else row[1].get(column)


operators = st.sampled_from(list(OPERATORS))
labels = st.sampled_from([*LABELS, "Shoes"])
numbers = st.sampled_from([*PRICES, 7, -0.5])
days = st.sampled_from(["2024-01-31", "2024-02-29", "2024-03-01", "2023-12-31", "2024-01-01"])
patterns = st.sampled_from(["%", "d%", "%ress", "_-%", "%'%", "%ü%", "__", "", "%b__", "%本"])

leaf = st.one_of(
    st.tuples(st.just("compare"), st.just("label"), operators, labels),
    st.tuples(st.just("compare"), st.just("price"), operators, numbers),
    st.tuples(st.just("compare"), st.just("in stock"), st.sampled_from(["=", "!="]), st.booleans()),
    st.tuples(st.just("day"), operators, days),
    st.tuples(st.just("in"), st.just("label"), st.lists(labels, min_size=1, max_size=3)),
    st.tuples(st.just("in"), st.just("price"), st.lists(numbers, min_size=1, max_size=3)),
    st.tuples(st.just("in"), st.just("mixed"), st.lists(
        st.sampled_from(["7", "seven", "true", "7.5"]), min_size=1, max_size=2)),
    st.tuples(st.just("like"), patterns),
    st.tuples(st.just("null"), st.sampled_from(["label", "price", "in stock", "day", "mixed"])),
)  # fmt: skip
trees = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3)),
    ),
    max_leaves=6,
)


def written(tree: tuple) -> str:
    match tree:
        case ("compare", column, by, bool(value)):
            return f'"{column}" {by} {str(value).lower()}'
        case ("compare", column, by, str(value)):
            return f'"{column}" {by} {quoted(value)}'
        case ("compare", column, by, value):
            return f'"{column}"{by}{value!r}'
        case ("day", by, value):
            return f"day {by} {value}"
        case ("in", column, values):
            return f"{column} in ({', '.join(quoted(str(value)) for value in values)})"
        case ("like", pattern):
            return f"label like {quoted(pattern)}"
        case ("null", column):
            return f'"{column}" is null'
        case ("not", inner):
            return f"not ({written(inner)})"
        case (word, terms):
            return f" {word} ".join(f"({written(term)})" for term in terms)
    raise AssertionError(tree)


def holds(tree: tuple, row: Row) -> bool | None:
    match tree:
        case ("compare", column, by, value):
            return compare(cell(row, column), by, value)
        case ("day", by, value):
            return compare_day(cell(row, "day"), by, value)
        case ("in", "mixed", values):
            text = as_text(cell(row, "mixed"))
            return None if text is None else text in values
        case ("in", column, values):
            value = cell(row, column)
            return None if value is None else value in values
        case ("like", pattern):
            return is_like(row[0], pattern)
        case ("null", column):
            return cell(row, column) is None
        case ("not", inner):
            return negative(holds(inner, row))
        case (word, terms):
            return {"and": every, "or": some}[word]([holds(term, row) for term in terms])
    raise AssertionError(tree)


@settings(max_examples=300)
@given(trees)
def test_what_a_filter_leaves_is_what_looking_at_each_image_leaves(library, tree) -> None:
    made, rows = library
    expected = sorted(id_ for id_, row in rows.items() if holds(tree, row) is True)
    assert sorted(made.ids(written(tree))) == expected


def test_the_keys_rise(library) -> None:
    made, rows = library
    found = filtered(made.store.column_cache, "price is null or price is not null")
    assert found.keys.tolist() == sorted(found.keys.tolist())
    assert len(found.keys) == found.images == len(rows)


@pytest.mark.parametrize(
    ("where", "problem"),
    [
        ("colour = red", "No column 'colour'"),
        ("Price2 > 1", "Did you mean price?"),
        ("price = cheap", "is a number, 'cheap' is not"),
        ("price in (1, 2, nan)", "is a number, 'nan' is not"),
        ("price < 1e999", "is a number, '1e999' is not"),
        ("price < inf", "is a number, 'inf' is not"),
        ("'in stock' = 1", "is true or false, '1' is not"),
        ("'in stock' > true", "compare it with = or !="),
        ("day > yesterday", "'yesterday' is no date"),
        ("day > 2024-02-30", "'2024-02-30' is no date"),
        ("price like '1%'", "is a number: like is for text"),
        ("day like '2024%'", "is a date: like is for text"),
    ],
)
def test_what_does_not_fit_a_column_is_named(library, where: str, problem: str) -> None:
    with pytest.raises(FilterError, match=re.escape(problem)) as caught:
        library[0].ids(where)
    assert caught.value.lines[2].strip().strip("^") == ""


def test_days_months_and_years_are_spans(library) -> None:
    made, rows = library

    def by(says) -> list[str]:
        return sorted(i for i, (_, meta) in rows.items() if meta.get("day") and says(meta["day"]))

    def utc(text: str) -> date:
        return moment(text).astimezone(UTC).date()

    assert sorted(made.ids("day = 2024-02")) == by(lambda day: str(utc(day)).startswith("2024-02"))
    assert sorted(made.ids("day > 2023")) == by(lambda day: utc(day).year > 2023)
    assert sorted(made.ids("day <= 2023-12-31")) == by(lambda day: utc(day).year <= 2023)
    assert sorted(made.ids("day = 2024-02-29T21:59")) == by(lambda d: d.endswith("59+02:00"))
    assert sorted(made.ids("day in (1999, 2024-01)")) == by(
        lambda day: utc(day).year == 1999 or str(utc(day)).startswith("2024-01")
    )


INJECTIONS = [
    "x' OR '1'='1", "'; DROP TABLE images; --", '" OR 1=1 --', "x\\' OR 1=1", "%' UNION SELECT",
    "{{7*7}}", "$.a", "a\nb", "\ud7ff\U0001f600", "' OR 1=1 /*",
]  # fmt: skip


@pytest.mark.parametrize("hostile", INJECTIONS)
def test_hostile_text_is_a_value_like_any_other(library, tmp_path: Path, hostile: str) -> None:
    made, rows = library
    assert made.ids(f"label = {quoted(hostile)}") == []
    assert len(made.ids(f"label != {quoted(hostile)}")) == sum(
        r[0] is not None for r in rows.values()
    )
    assert made.ids(f"label in ({quoted(hostile)}, 'nothing')") == []
    with pytest.raises(FilterError):
        made.ids(f"{quoted(hostile)} = 1")
    assert len(made.ids("price is null or price is not null")) == len(rows)
    own = Filtering(tmp_path / ".lookalike")
    own.put({"one": (hostile, {hostile: hostile}), "two": ("plain", {hostile: "plain"})})
    assert own.ids(f"label = {quoted(hostile)}") == ["one"]
    assert own.ids(f"{quoted(hostile)} = {quoted(hostile)}") == ["one"]
    assert own.ids(f"{quoted(hostile)} in (plain)") == ["two"]
    own.store.close()


@pytest.mark.parametrize("bare", ["'x' OR 1=1", "x' OR '1'='1", "1; DROP TABLE images", "x) --"])
def test_hostile_text_without_quotes_is_no_filter(library, bare: str) -> None:
    made, rows = library
    with pytest.raises(FilterError):
        made.ids(f"label = {bare}")
    assert len(made.ids("price is null or price is not null")) == len(rows)


def test_columns_named_like_words_of_the_language(tmp_path: Path) -> None:
    made = Filtering(tmp_path / ".lookalike")
    meta: dict[str, Scalar] = {"and": 1, "in": 2, "null": 3, "select": 4, "été": 5, "a.b": 6, "": 7}
    made.put({"one": (None, meta), "two": (None, {"and": 0})})
    for name, value in meta.items():
        assert made.ids(f'"{name}" = {value}') == ["one"]
    assert made.ids("meta.and = 0") == ["two"]
    assert made.ids("été is not null and a.b = 6 and select = 4") == ["one"]
    made.store.close()


def test_thousands_of_values(library) -> None:
    made, rows = library
    wanted = [id_ for number, id_ in enumerate(rows) if number % 3]
    values = ", ".join(quoted(id_) for id_ in [*wanted, *(f"no{n}" for n in range(5000))])
    assert sorted(made.ids(f"id in ({values})")) == sorted(wanted)


def test_a_column_without_values_is_filtered_by_too(tmp_path: Path) -> None:
    made = Filtering(tmp_path / ".lookalike")
    made.put({"one": (None, {"size": None})})
    assert made.ids("size = 5 or size like x or size in (a) or label < b") == []
    assert made.ids("size is null and label is null") == ["one"]
    made.store.close()


def test_an_empty_library(tmp_path: Path) -> None:
    made = Filtering(tmp_path / ".lookalike")
    assert made.ids("label = x or width > 5 or added > 2020") == []
    made.store.close()


def test_whole_numbers_beyond_what_a_float_holds(tmp_path: Path) -> None:
    made = Filtering(tmp_path / ".lookalike")
    big = 2**53
    made.put({"one": (None, {"n": big}), "two": (None, {"n": big + 1})})
    assert made.ids(f"n = {big + 1}") == ["two"]
    assert made.ids(f"n in ({big})") == ["one"]
    assert made.ids("n in (1.5, 1e300)") == []
    made.store.close()
