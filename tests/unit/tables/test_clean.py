"""Cleaning: what goes and why, what is changed, the original untouched, memory flat."""

import csv
import gzip
import json
import random
import tracemalloc
from pathlib import Path

import pytest

from lookalike.errors import SourceError, UsageError
from lookalike.tables.clean import Cleaning, clean_table

GOODS = """\
sku,url,label,price
 a1 ,https://s.example/1.jpg,T-Shirt,10
a2,https://s.example/2.jpg, t-shirt,12.50
a1,https://s.example/1.jpg,T-Shirt,10
a3,http://s.example/1.jpg/?utm_source=mail,Hat,9
a4,,Hat,9
a5,javascript:alert(1),Hat,9
a6,https://s.example/6.jpg,t-shirt,NULL
a7,https://s.example/7.jpg,T-Shirt,cheap
a8,https://s.example/8.jpg,T-Shirt
a9,https://s.example/9.jpg,HAT,007
"""


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_what_goes_what_stays_and_why(tmp_path):
    table = tmp_path / "goods.csv"
    table.write_text(GOODS)
    found = clean_table(table, how=Cleaning(numbers=["price"], rename={"sku": "id"}))

    assert found is not None
    assert table.read_text() == GOODS
    assert rows(tmp_path / "goods.clean.csv") == [
        ["id", "url", "label", "price"],
        ["a1", "https://s.example/1.jpg", "T-Shirt", "10"],
        ["a2", "https://s.example/2.jpg", "T-Shirt", "12.50"],
        ["a6", "https://s.example/6.jpg", "T-Shirt", ""],
        ["a7", "https://s.example/7.jpg", "T-Shirt", ""],
        ["a9", "https://s.example/9.jpg", "Hat", "007"],
    ]
    gone = rows(tmp_path / "goods.removed.csv")
    assert gone[0] == ["row", "reason", "detail", "sku", "url", "label", "price"]
    assert [(row[0], row[1], row[3]) for row in gone[1:]] == [
        ("4", "duplicate-row", "a1"),
        ("5", "duplicate-url", "a3"),
        ("6", "empty", "a4"),
        ("7", "bad-url", "a5"),
        ("10", "malformed", ""),
    ]
    assert gone[2][2] == "as 2, with other values"
    assert (found.rows, found.kept, sum(found.removed.values())) == (10, 5, 5)
    assert found.changed == {"space": 1, "label": 3, "nothing": 1, "number": 1}
    assert found.labels == {"label": {"T-Shirt": {"t-shirt": 2}, "Hat": {"HAT": 1}}}
    assert not list(tmp_path.glob("*.part"))


def test_a_row_that_went_takes_no_later_one_with_it(tmp_path):
    (tmp_path / "t.csv").write_text(
        "sku,url\n1,https://s.example/1.jpg\n1,https://s.example/2.jpg\n2,https://s.example/2.jpg\n"
    )
    found = clean_table(tmp_path / "t.csv", how=Cleaning(unique=["sku"]))

    assert found is not None
    assert found.removed == {"repeated": 1}
    assert [row[0] for row in rows(tmp_path / "t.clean.csv")[1:]] == ["1", "2"]


def test_cleaning_what_is_clean_changes_nothing(tmp_path):
    (tmp_path / "goods.csv").write_text(GOODS)
    clean_table(tmp_path / "goods.csv")
    again = clean_table(tmp_path / "goods.clean.csv")

    assert again is not None
    assert (again.kept, again.removed, again.changed) == (again.rows, {}, {})
    first, second = (tmp_path / name for name in ("goods.clean.csv", "goods.clean.clean.csv"))
    assert first.read_bytes() == second.read_bytes()


def test_json_lines_keep_their_types_and_gzip_its_name(tmp_path):
    lines = [
        {"image": "a.jpg", "price": 7, "sale": True, "note": "\u200bx "},
        {"image": " a.jpg", "price": 7, "sale": True, "note": "x"},
        {"image": None, "price": 1.5},
    ]
    with gzip.open(tmp_path / "t.jsonl.gz", "wt") as file:
        file.write("\n".join(map(json.dumps, lines)) + "\nnot json\n")
    found = clean_table(tmp_path / "t.jsonl.gz")

    assert found is not None
    assert found.removed == {"duplicate-row": 1, "empty": 1, "malformed": 1}
    with gzip.open(tmp_path / "t.clean.jsonl.gz", "rt") as file:
        assert [json.loads(line) for line in file] == [
            {"image": "a.jpg", "price": 7.0, "sale": True, "note": "x"}
        ]


@pytest.mark.extra
def test_parquet_in_and_out(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(
        pa.table({"path": ["a", "a", "b"], "n": [1, 1, None], "vector": [[1.0], [1.0], [2.0]]}),
        tmp_path / "t.parquet",
    )
    found = clean_table(tmp_path / "t.parquet")

    assert found is not None
    assert found.left_out == ["vector"]
    kept = pq.read_table(tmp_path / "t.clean.parquet")
    assert kept.to_pylist() == [{"path": "a", "n": 1}, {"path": "b", "n": None}]
    assert kept.schema.field("n").type == pa.int64()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (Cleaning(url_column="ulr"), "Did you mean 'url'"),
        (Cleaning(rename={"sku": "url"}), "would both be named 'url'"),
        (Cleaning(required=["nothing"]), "has no column 'nothing'"),
    ],
)
def test_options_that_cannot_be(tmp_path, how, said):
    (tmp_path / "goods.csv").write_text(GOODS)
    with pytest.raises(UsageError, match=said):
        clean_table(tmp_path / "goods.csv", how=how)
    assert [path.name for path in tmp_path.iterdir()] == ["goods.csv"]


def test_the_table_itself_is_never_written_over(tmp_path):
    (tmp_path / "goods.csv").write_text(GOODS)
    (tmp_path / "link.csv").symlink_to("goods.csv")
    for out in ("goods.csv", "link.csv", "../" + tmp_path.name + "/goods.csv"):
        with pytest.raises(UsageError, match="never over it"):
            clean_table(tmp_path / "goods.csv", tmp_path / out)
    with pytest.raises(UsageError, match="taken"):
        clean_table(tmp_path / "goods.csv", removed=tmp_path / "goods.clean.csv")
    with pytest.raises(UsageError, match="no table by its name"):
        clean_table(tmp_path / "goods.csv", tmp_path / "goods.xlsx")
    with pytest.raises(SourceError, match="There is no file"):
        clean_table(tmp_path / "gods.csv")
    assert (tmp_path / "goods.csv").read_text() == GOODS


def test_a_stopped_run_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("lookalike.tables.survey.TOLD_ROWS", 1)
    (tmp_path / "goods.csv").write_text(GOODS)
    told: list[str] = []

    done = clean_table(
        tmp_path / "goods.csv",
        on_step=lambda doing, *_: told.append(doing),
        stop=lambda: told.count("cleaning") == 3,
    )

    assert done is None
    assert told[-3:] == ["cleaning"] * 3
    assert [path.name for path in tmp_path.iterdir()] == ["goods.csv"]


def test_ids_in_a_column_of_labels_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("lookalike.tables.labels.MOST", 5)
    (tmp_path / "goods.csv").write_text(GOODS)
    with pytest.raises(UsageError, match="those are no labels"):
        clean_table(tmp_path / "goods.csv", how=Cleaning(label_columns=["url"]))


def test_memory_does_not_grow_with_the_table(tmp_path):
    random.seed(1)
    with (tmp_path / "long.csv").open("w") as file:
        file.write("url,label\n")
        for number in range(4_000):
            file.write(f"https://s.example/{number % 3500}.jpg?{'x' * 200},{number % 3}\n")
    tracemalloc.start()
    try:
        found = clean_table(tmp_path / "long.csv")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found is not None
    assert found.kept == 3_500
    assert peak < 800_000  # the table is 1 MB
