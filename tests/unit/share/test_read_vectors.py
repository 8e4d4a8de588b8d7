from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from lookalike.errors import SourceError, UsageError
from lookalike.share.read_vectors import read_vectors

RNG = np.random.default_rng(3)
MATRIX = RNG.normal(size=(2500, 5))
IDS = [f"a b/{number}" for number in range(len(MATRIX))]


def collected(path: Path, **options: object) -> tuple[list[str], np.ndarray]:
    ids: list[str] = []
    rows = []
    for names, block in read_vectors(path, **options):  # type: ignore[arg-type]
        assert len(names) == len(block) <= 1024
        assert block.dtype == np.float32
        ids += names
        rows.append(block)
    return ids, np.concatenate(rows)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_npy_with_its_ids_beside(tmp_path: Path, dtype: type) -> None:
    np.save(tmp_path / "v.npy", MATRIX.astype(dtype))
    (tmp_path / "v.ids.txt").write_text("\n".join(IDS) + "\n")
    ids, rows = collected(tmp_path / "v.npy")
    assert ids == IDS
    assert np.allclose(rows, MATRIX.astype(dtype).astype(np.float32))


def test_ids_as_json_lines_may_hold_newlines(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", MATRIX[:2])
    names = ["one\ntwo", "ünï"]
    (tmp_path / "n.jsonl").write_text("".join(json.dumps(name) + "\n" for name in names))
    assert collected(tmp_path / "v.npy", ids=tmp_path / "n.jsonl")[0] == names


def test_a_csv_with_a_column_for_each_value(tmp_path: Path) -> None:
    with (tmp_path / "v.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "x0", "x1", "x2", "x3", "x4"])
        writer.writerows([id_, *row] for id_, row in zip(IDS, MATRIX, strict=True))
    ids, rows = collected(tmp_path / "v.csv")
    assert ids == IDS
    assert np.allclose(rows, MATRIX, atol=1e-6)


@pytest.mark.parametrize("form", ["[{}]", "{}", "({})"])
def test_a_csv_with_vectors_in_one_cell(tmp_path: Path, form: str) -> None:
    with (tmp_path / "v.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["note", "id", "embedding"])
        writer.writerow(["n", "one", form.format("1.5, -2 ,3e-1")])
    ids, rows = collected(tmp_path / "v.csv")
    assert ids == ["one"]
    assert np.allclose(rows, [[1.5, -2, 0.3]])


@pytest.mark.extra
def test_a_parquet_of_lists(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table({"image_path": IDS, "emb": [row.tolist() for row in MATRIX]})
    parquet.write_table(table, tmp_path / "v.parquet")
    ids, rows = collected(tmp_path / "v.parquet")
    assert ids == IDS
    assert np.allclose(rows, MATRIX, atol=1e-6)


def test_what_does_not_fit_is_said(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", MATRIX)
    with pytest.raises(UsageError, match="--ids"):
        collected(tmp_path / "v.npy")
    (tmp_path / "v.ids.txt").write_text("one\n")
    with pytest.raises(SourceError, match="2,500 vectors, but there are 1 ids"):
        collected(tmp_path / "v.npy")
    np.save(tmp_path / "flat.npy", MATRIX[0])
    with pytest.raises(SourceError, match=r"\(5,\)"):
        collected(tmp_path / "flat.npy")
    np.save(tmp_path / "pickled.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(SourceError, match="plain array"):
        collected(tmp_path / "pickled.npy")
    (tmp_path / "ragged.csv").write_text("id,vector\na,1 2\nb,1 2 3\n")
    with pytest.raises(SourceError, match="different lengths"):
        collected(tmp_path / "ragged.csv")
    (tmp_path / "none.csv").write_text("x,y\n1,2\n")
    with pytest.raises(UsageError, match="--id-column"):
        collected(tmp_path / "none.csv")
    with pytest.raises(SourceError, match="no file"):
        collected(tmp_path / "gone.npy")
    (tmp_path / "v.txt").write_text("")
    with pytest.raises(UsageError, match=r"\.npy"):
        collected(tmp_path / "v.txt")
