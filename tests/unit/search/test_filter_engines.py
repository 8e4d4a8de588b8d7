from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

import pytest

from lookalike.errors import UsageError
from lookalike.search.filters.check import check
from lookalike.search.filters.milvus import to_milvus
from lookalike.search.filters.parse import parse
from lookalike.search.filters.postgres import to_postgres
from lookalike.search.filters.syntax import Name
from lookalike.search.filters.typed import Condition
from lookalike.store.column import Kind
from lookalike.store.fields import Field

KINDS: dict[str, Kind] = {
    "label": "text", "price": "number", "sold": "boolean", "day": "date", "colour": "list",
}  # fmt: skip
HOSTILE = "x'); DROP TABLE images; -- \" ]"


def condition(text: str) -> Condition:
    def typed(name: Name) -> tuple[Field, Kind]:
        return Field("meta", name.text), KINDS[name.text]

    return check(parse(text), typed, text)


def quoted(field: Field) -> str:
    return f'"{field.name}"'


def bare(field: Field) -> str:
    return field.name


@pytest.mark.parametrize(
    ("text", "sql", "values"),
    [
        ("label = Dress", '"label" = %s', ["Dress"]),
        ("label != Dress", '"label" <> %s', ["Dress"]),
        ("label < M", '"label" COLLATE "C" < %s', ["M"]),
        ("price <= 5", '"price" <= %s', [5]),
        ("not price <= 5", '"price" > %s', [5]),
        ("price in (1, 2.5)", '"price" = ANY (%s)', [[1.0, 2.5]]),
        ("label not in (a, b)", 'NOT ("label" = ANY (%s))', [["a", "b"]]),
        ("label like 'a%'", '"label" ILIKE %s', ["a%"]),
        ("label not like 'a%'", '"label" NOT ILIKE %s', ["a%"]),
        ("sold = true", '"sold" = %s', [True]),
        ("sold is not null", '"sold" IS NOT NULL', []),
        ("colour in (red, blue)", '"colour" && (%s)', [["red", "blue"]]),
        ("colour != red", 'NOT ("colour" && (%s))', [["red"]]),
        ("day > 2024-02", '"day" >= %s', [datetime(2024, 3, 1, tzinfo=UTC)]),
        (
            "not (label = a or price < 5 and day is null)",
            '("label" <> %s AND ("price" >= %s OR "day" IS NOT NULL))',
            ["a", 5],
        ),
    ],
)
def test_postgres(text: str, sql: str, values: list) -> None:
    assert to_postgres(condition(text), quoted) == (sql, values)


def test_nothing_that_was_written_stands_in_the_sql() -> None:
    text = HOSTILE.replace("'", "''")
    where = f"label = '{text}' or label in ('{text}', b) or label like '{text}'"
    sql, values = to_postgres(condition(where), quoted)
    assert sql == '("label" = %s OR "label" = ANY (%s) OR "label" ILIKE %s)'
    assert values == [HOSTILE, [HOSTILE, "b"], HOSTILE]


def test_a_real_database_takes_the_sql_apart_in_the_same_way() -> None:
    """The logic of brackets, nots and nulls, as SQLite reads it."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE images (id INTEGER, label TEXT, price REAL)")
    rows = [(1, "a", 1.0), (2, "a", None), (3, None, 3.0), (4, "b", 4.0), (5, None, None)]
    connection.executemany("INSERT INTO images VALUES (?, ?, ?)", rows)

    def ids(text: str) -> list[int]:
        sql, values = to_postgres(condition(text), quoted)
        found = connection.execute(f"SELECT id FROM images WHERE {sql.replace('%s', '?')}", values)
        return [id_ for (id_,) in found]

    assert ids("not (label = a and price < 3)") == [3, 4]
    assert ids("label = a or price >= 3") == [1, 2, 3, 4]
    assert ids("not (label is null or price is null)") == [1, 4]
    assert ids("label = a and (price is null or price = 1)") == [1, 2]
    connection.close()


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("label = Dress", 'label == "Dress"'),
        ("label != Dress", 'label != "Dress"'),
        ("price <= 5", "price <= 5"),
        ("price in (1, 2.5)", "price in [1, 2.5]"),
        ("label not in (a)", '(label is not null and label not in ["a"])'),
        ("sold = true", "sold == true"),
        ("sold is null", "sold is null"),
        ("colour in (red, blue)", 'array_contains_any(colour, ["red", "blue"])'),
        ("not colour = red", '(colour is not null and not array_contains_any(colour, ["red"]))'),
        ("day = 1970-01-02", "(day >= 86400000000 and day < 172800000000)"),
        ("label = a or not price > 5", '(label == "a" or price <= 5)'),
        ("label = 'é\n\\'", 'label == "é\\n\\\\"'),
    ],
)
def test_milvus(text: str, expression: str) -> None:
    assert to_milvus(condition(text), bare) == expression


def test_a_text_cannot_end_its_quotes_in_milvus() -> None:
    text = HOSTILE.replace("'", "''")
    assert to_milvus(condition(f"label = '{text}'"), bare) == (
        'label == "x\'); DROP TABLE images; -- \\" ]"'
    )


def test_milvus_has_no_like_that_disregards_case() -> None:
    with pytest.raises(UsageError, match="Milvus has no `like`"):
        to_milvus(condition("label like 'a%'"), bare)
