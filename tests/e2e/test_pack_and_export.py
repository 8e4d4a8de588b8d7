"""Packs and vectors by command: made, made again, read back, and refused in words."""

import json
import tarfile

import numpy as np
import pytest

from shell import index, photos, run


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    folder = tmp_path_factory.mktemp("album")
    (folder / "in").mkdir()
    photos(folder / "in", range(6))
    index(folder, "in")
    return folder


def test_a_folder_is_packed_once(album):
    done = run(album, "pack", "in", "packed", "--shards", 2)
    assert done.code == 0, done.err
    assert done.out.startswith("6 images in 2 shards")
    with tarfile.open(album / "packed/images-00001-of-00002.tar") as archive:
        assert archive.getnames() == [
            "003.jpg", "003.json", "004.jpg", "004.json", "005.jpg", "005.json",
        ]  # fmt: skip
    again = run(album, "pack", "in", "packed", "--shards", 2, "--json").json
    assert (again["shards"], again["kept"]) == (2, 2)


def test_a_library_is_packed_by_a_filter(album):
    done = run(album, "pack", "some", "--where", "id != 003.jpg", "--json")
    assert done.code == 0, done.err
    assert done.json["images"] == 5


def test_vectors_are_exported_and_imported(album):
    done = run(album, "export", "vectors", "v.npy", "--json")
    assert done.code == 0, done.err
    assert done.json == {"file": "v.npy", "vectors": 6}
    assert len(np.load(album / "v.npy")) == 6
    assert len((album / "v.ids.jsonl").read_text().splitlines()) == 6
    done = run(album, "export", "vectors", "v.jsonl", "--columns", "width,format")
    assert done.code == 0, done.err
    first = json.loads((album / "v.jsonl").read_text().splitlines()[0])
    assert first["id"] == "000.jpg"
    assert first["format"] == "JPEG"
    done = run(album, "import", "v.jsonl", "--space", "back", "--json")
    assert done.json == {"space": "back", "images": 6, "others": 0, "kept": 0}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("pack in out --shards 2 --shard-images 3", "not both"),
        ("pack in out --shards 7", "ask for fewer"),
        ("pack in out --where id=1", "give OUT alone"),
        ("pack nowhere out", "There is no 'nowhere'"),
        ("export vectors v.xlsx", "Vectors are written to"),
        ("export vectors v.csv --columns widht", "Did you mean width"),
    ],
)
def test_what_cannot_be_done_is_said(album, words, said):
    done = run(album, *words.split())
    assert done.code in {1, 2}
    assert said in done.err
