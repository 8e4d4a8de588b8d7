import datetime
import decimal
import sys
from pathlib import Path

import pytest

from lookalike.errors import DuplicateIdError, MissingExtraError, SourceError
from lookalike.sources import open_source
from lookalike.types import File, Reference


def test_without_pyarrow_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(MissingExtraError, match=r"lookalike\[tables\]"):
        list(open_source(str(path)).references())


@pytest.mark.extra
def test_a_parquet_table_keeps_its_types(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    moment = datetime.datetime(2024, 2, 29, 12, 30, 15, 123456)
    columns = {
        "image": pa.array([7, 8, None, 7]),
        "price": pa.array([decimal.Decimal("1.50"), None, None, decimal.Decimal("1.50")]),
        "seen": pa.array([moment, None, None, moment], pa.timestamp("ns")),
        "day": pa.array([moment.date(), None, None, moment.date()]),
        "colour": pa.array(["red", None, "x", "red"]).dictionary_encode(),
        "ratio": pa.array([1.0, float("nan"), 1.0, 1.0], pa.float32()),
        "kids": pa.array([True, False, None, True]),
        "large": pa.array([2**63, 1, 2, 2**63], pa.uint64()),
        "raw": pa.array([b"1", b"2", b"3", b"1"]),
        "tags": pa.array([[1], [], None, [1]]),
    }
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table(columns), path)
    source = open_source(str(path), path_template="in/{image}.jpg", id_column="image")
    offers = list(source.references())
    assert offers[:2] == [
        Reference(
            "7",
            File(f"{tmp_path}/in/7.jpg"),
            None,
            {"price": 1.5, "seen": "2024-02-29T12:30:15.123456", "day": "2024-02-29",
             "colour": "red", "ratio": 1.0, "kids": True, "large": str(2**63)},
        ),
        Reference(
            "8",
            File(f"{tmp_path}/in/8.jpg"),
            None,
            {"price": None, "seen": None, "day": None, "colour": None, "ratio": None,
             "kids": False, "large": "1"},
        ),
    ]  # fmt: skip
    assert [offer.id for offer in offers[2:]] == ["t.parquet:3"]
    assert source.notes == [
        "1 duplicate row skipped: row 4",
        "column 'raw' left out: bytes, lists or structures",
        "column 'tags' left out: bytes, lists or structures",
    ]
    with pytest.raises(SourceError, match=r"Column 'raw' of .* holds bytes"):
        list(open_source(str(path), path_column="raw").references())


@pytest.mark.extra
def test_a_parquet_table_is_read_batch_by_batch(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "t.parquet"
    names = [f"{i}.jpg" for i in range(5000)]
    pq.write_table(pa.table({"path": names}), path, row_group_size=700)
    assert [offer.id for offer in open_source(str(path)).references()] == names
    pq.write_table(pa.table({"path": ["a", "b"], "id": [1, 1]}), path)
    with pytest.raises(DuplicateIdError, match="rows 1 and 2"):
        list(open_source(str(path), id_column="id").references())


@pytest.mark.extra
@pytest.mark.parametrize("content", [b"", b"PAR1", b"x" * 100, b"PAR1" + bytes(50) + b"PAR1"])
def test_what_is_no_parquet_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="cannot be read as Parquet"):
        list(open_source(str(path)).references())
