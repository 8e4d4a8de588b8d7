from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lookalike
from lookalike.errors import RecipeMismatchError, UnknownIdError, UsageError
from shell import run

RNG = np.random.default_rng(9)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(3):
        pixels = RNG.integers(0, 255, (40, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(pictures / f"{number}.png")
    with lookalike.open(tmp_path) as library:
        library.add(pictures)
    return tmp_path


def test_vectors_of_images_and_of_other_things_are_searched_alike(folder: Path) -> None:
    ids = ["0.png", "2.png", "a caption", "another"]
    vectors = RNG.normal(size=(4, 6)).astype(np.float32)
    with lookalike.open(folder) as library:
        done = library.import_vectors("text", [(ids[:3], vectors[:3]), (ids[3:], vectors[3:])])
        assert (done.images, done.others, done.kept) == (2, 2, 0)
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        hits = library.search("id:a caption", k=9, space="text")
        expected = sorted(zip(unit @ unit[2], ids, strict=True), reverse=True)
        assert hits.ids == [id_ for _, id_ in expected if id_ != "a caption"]
        by_vector = library.search(vectors[1], k=1, space="text")
        assert by_vector.ids == ["2.png"]
        assert library.thumbnail("a caption") is None
        with pytest.raises(UnknownIdError, match=r"'a caption' has no .*It has one in text"):
            library.search("id:a caption")
        assert library.search("id:0.png", k=9).ids != []
        assert library.check() == []
        assert library.add_space("half", "efficientnet-lite0|mean:2").rejected == 0


def test_a_vector_that_is_there_stays_and_is_counted(folder: Path) -> None:
    vectors = np.eye(4, 6, dtype=np.float32)
    np.save(folder / "v.npy", vectors)
    (folder / "ids.txt").write_text("0.png\na caption\nanother\na caption\n")
    words = ("import", "v.npy", "--ids", "ids.txt", "--space", "text")
    first = run(folder, *words, "--json").json
    assert first == {"space": "text", "images": 1, "others": 2, "kept": 1}
    (folder / "ids.txt").write_text("another\na caption\n1.png\n0.png\n")
    done = run(folder, *words)
    assert "1 image of the library and of 0 ids without" in done.out
    assert "3 vectors not taken: the space has one already." in done.err
    shown = run(folder, "show", "a caption", "--space", "text", "--vector", "--json").json
    assert (shown["space"], shown["vector"]) == ("text", [0, 1, 0, 0, 0, 0])
    assert run(folder, "show", "0.png", "--space", "txt").code == 2


def test_a_bad_vector_or_another_dimension_is_refused(folder: Path) -> None:
    one = np.ones((1, 4), np.float32)
    with lookalike.open(folder) as library:
        library.import_vectors("text", [(["x"], one)])
        with pytest.raises(RecipeMismatchError, match="dim"):
            library.import_vectors("text", [(["y"], np.ones((1, 5), np.float32))])
        with pytest.raises(UsageError, match="'z' is zero"):
            library.import_vectors("text", [(["z"], 0 * one)])
        with pytest.raises(UsageError, match="no vectors"):
            library.import_vectors("empty", [])
        with pytest.raises(UsageError, match="imported"):
            library.search(folder / "pictures" / "0.png", space="text")
