from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import lookalike
from lookalike.errors import (
    FilterError,
    MissingExtraError,
    SourceError,
    UnknownNameError,
    UsageError,
)
from lookalike.library.library import Library
from lookalike.share.read_vectors import read_vectors
from shell import photos

COUNT = 12


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("photos")
    photos(folder, range(COUNT))
    lines = [f"{n:03d}.jpg,{'even' if n % 2 == 0 else 'odd'},{n * 1.5}" for n in range(COUNT)]
    (folder / "t.csv").write_text("\n".join(["file,label,price", *lines]) + "\n")
    with lookalike.open(folder, model="pixels") as opened:
        opened.add(folder / "t.csv", label_column="label")
        yield opened


def read_back(path: Path) -> tuple[list[str], np.ndarray]:
    blocks = list(read_vectors(path))
    return [id_ for ids, _ in blocks for id_ in ids], np.concatenate([rows for _, rows in blocks])


@pytest.mark.parametrize("name", ["v.npy", "v.csv", "v.jsonl", "v.json"])
def test_what_is_written_is_read_back_as_it_was_stored(
    library: Library, tmp_path: Path, name: str
) -> None:
    assert library.export_vectors(tmp_path / name) == COUNT

    ids, rows = read_back(tmp_path / name)
    assert ids == library.ids
    assert np.array_equal(rows.astype(np.float16), library.matrix())
    assert not list(tmp_path.glob("*.tmp"))


def test_numpy_reads_the_array_and_its_type(library: Library, tmp_path: Path) -> None:
    library.export_vectors(tmp_path / "v.npy", dtype="float16")

    array = np.load(tmp_path / "v.npy")
    assert array.dtype == np.float16
    assert np.array_equal(array, library.matrix())
    ids = (tmp_path / "v.ids.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in ids] == library.ids


def test_a_filter_and_columns(library: Library, tmp_path: Path) -> None:
    library.export_vectors(tmp_path / "v.csv", where="price > 12", columns=["price", "width"])

    with (tmp_path / "v.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["009.jpg", "010.jpg", "011.jpg"]
    assert [row["label"] for row in rows] == ["odd", "even", "odd"]
    assert [float(row["price"]) for row in rows] == [13.5, 15.0, 16.5]
    assert all(Path(row["image_path"]).is_file() and int(row["width"]) > 0 for row in rows)


def test_a_filter_may_leave_nothing(library: Library, tmp_path: Path) -> None:
    for name in ("v.npy", "v.csv", "v.jsonl", "v.json"):
        assert library.export_vectors(tmp_path / name, where="price < 0") == 0
    assert np.load(tmp_path / "v.npy").shape == (0, library.space.dim)
    assert json.loads((tmp_path / "v.json").read_text()) == []
    assert (tmp_path / "v.jsonl").read_text() == ""


@pytest.mark.parametrize(
    ("name", "options", "error"),
    [
        ("v.txt", {}, UsageError),
        ("no/where.csv", {}, UsageError),
        ("v.npy", {"columns": ["price"]}, UsageError),
        ("v.csv", {"columns": ["prise"]}, UnknownNameError),
        ("v.csv", {"where": "prise > 1"}, FilterError),
        ("v.csv", {"space": "other"}, UnknownNameError),
    ],
)
def test_what_cannot_be_written_is_refused(
    library: Library, tmp_path: Path, name: str, options: dict, error: type[Exception]
) -> None:
    with pytest.raises(error):
        library.export_vectors(tmp_path / name, **options)
    assert not list(tmp_path.iterdir())


def test_vectors_travel_from_one_library_to_another(library: Library, tmp_path: Path) -> None:
    library.export_vectors(tmp_path / "v.jsonl")
    with lookalike.open(tmp_path, model="pixels") as other:
        done = other.import_vectors("theirs", read_vectors(tmp_path / "v.jsonl"))
        assert (done.images, done.others) == (0, COUNT)
        assert np.array_equal(other.matrix("theirs"), library.matrix())


def test_ids_are_found_however_their_accents_are_composed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    photos(tmp_path / "in", [1, 2])
    (tmp_path / "in" / "001.jpg").rename(tmp_path / "in" / "caf\u00e9.jpg")
    with lookalike.open(tmp_path, model="pixels") as opened:
        opened.add(tmp_path / "in")
        ids = ["cafe\u0301.jpg", "002.jpg", "none.jpg"]
        vectors = np.eye(3, dtype=np.float32)
        done = opened.import_vectors("mine", [(ids, vectors)])
    assert (done.images, done.others) == (2, 1)


@pytest.mark.extra
def test_a_parquet_has_the_columns_that_others_read(library: Library, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    library.export_vectors(tmp_path / "v.parquet", columns=["price", "label"])

    table = pq.read_table(tmp_path / "v.parquet")
    assert table.column_names == ["id", "label", "image_path", "price", "embedding"]
    assert table.schema.field("embedding").type == pa.list_(pa.float32())
    assert table.schema.field("price").type == pa.float64()
    assert table["price"].to_pylist() == [n * 1.5 for n in range(COUNT)]
    ids, rows = read_back(tmp_path / "v.parquet")
    assert ids == library.ids
    assert np.array_equal(rows, library.matrix().astype(np.float32))


@pytest.mark.extra
def test_a_folder_as_clip_retrieval_has_them(library: Library, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    library.export_vectors(tmp_path / "clip", dtype="float16")

    assert np.load(tmp_path / "clip/img_emb/img_emb_0.npy").dtype == np.float16
    paths = pq.read_table(tmp_path / "clip/metadata/metadata_0.parquet")["image_path"].to_pylist()
    assert all(Path(path).is_file() for path in paths)
    ids, rows = read_back(tmp_path / "clip")
    assert ids == library.ids
    assert np.array_equal(rows, library.matrix())
    with pytest.raises(UsageError, match="not empty"):
        library.export_vectors(tmp_path / "clip")


@pytest.mark.extra
def test_parts_of_a_clip_retrieval_folder_are_read_in_the_order_of_their_numbers(
    tmp_path: Path,
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    (tmp_path / "img_emb").mkdir()
    (tmp_path / "metadata").mkdir()
    for number in (10, 2):
        np.save(tmp_path / f"img_emb/img_emb_{number}.npy", np.full((3, 2), number, np.float16))
        names = {"image_path": [f"{number}/{row}" for row in range(3)], "caption": ["c"] * 3}
        pq.write_table(pa.table(names), tmp_path / f"metadata/metadata_{number}.parquet")

    ids, rows = read_back(tmp_path)
    assert ids == ["2/0", "2/1", "2/2", "10/0", "10/1", "10/2"]
    assert rows[:, 0].tolist() == [2, 2, 2, 10, 10, 10]

    (tmp_path / "metadata/metadata_2.parquet").unlink()
    with pytest.raises(SourceError, match="no folder of clip-retrieval"):
        read_back(tmp_path)


def test_without_pyarrow_the_extra_is_named_before_anything_is_written(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    for name in ("v.parquet", "folder"):
        with pytest.raises(MissingExtraError, match=r"lookalike\[tables\]"):
            library.export_vectors(tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"id": "a", "vector": [1, 2]}\n{"id": "b"}\n', "without 'vector'"),
        ('{"id": "a", "vector": [1, 2]}\n{"id": "b", "vector": [1]}\n', "different lengths"),
        ('{"id": "a", "vector": [1, 2]}\n[1]\n', "where an object belongs"),
        ('{"id": "a", "vector": [1', "is not JSON"),
    ],
)
def test_json_lines_that_are_wrong_say_so(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "v.jsonl").write_text(text)
    with pytest.raises(SourceError, match=said):
        read_back(tmp_path / "v.jsonl")
