"""Old configurations run on drawn photos: vectors equal those of the commands by hand."""

import csv

import numpy as np
import pytest

import family_weights
import lookalike
from old_configurations import FINDER, FOLDER
from shell import photos, run

pytestmark = pytest.mark.extra


def both(folder, config, by_hand, variables):
    """The exported vectors of a run, and the library's that the same commands make by hand."""
    (folder / "config.yml").write_text(config)
    done = run(folder, "run", "config.yml", **variables)
    assert done.code == 0, done.err
    assert "is an old configuration" in done.err
    again = run(folder, "run", "config.yml", "--json", **variables)
    assert {row["state"] for row in again.json} == {"skipped"}
    assert run(folder, "index", *by_hand, "--library", "hand", **variables).code == 0


def test_a_folder_through_xception_with_means_of_four(tmp_path):
    for kind in ("dress", "shoe"):
        photos(tmp_path / "pictures" / kind, range(2) if kind == "dress" else range(2, 4))
    variables = family_weights.environment(tmp_path)
    family_weights.timm_weights(tmp_path, "legacy_xception.tf_in1k")
    hand = ("pictures", "--model", "xception|mean:4", "--metric", "l2", "--label-from", "folder")
    both(tmp_path, FOLDER.format(out="model"), hand, variables)

    vectors = np.load(tmp_path / "model" / "vectors.npy")
    with lookalike.open(tmp_path / "hand") as library:
        np.testing.assert_array_equal(vectors, library.matrix().astype(np.float32))
        assert {library.get(id_).label for id_ in library.ids} == {"dress", "shoe"}
    assert vectors.shape == (4, 512)


def test_a_table_through_a_layer_of_a_keras_model(tmp_path):
    names = photos(tmp_path / "pictures", range(12))
    (tmp_path / "data").mkdir()
    with (tmp_path / "data" / "images.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("image_path", "kind"), *((f"pictures/{name}", "a") for name in names)]
        )
    spec = family_weights.keras_file(tmp_path)
    hand = ("data/images.csv", "--path-template", "../{image_path}", "--model", spec)
    hand += ("--id-column", "image_path", "--label-column", "kind", "--metric", "cosine")
    both(tmp_path, FINDER, hand, {})

    vectors = np.load(tmp_path / "finder" / "vectors.npy")
    with lookalike.open(tmp_path / "hand") as library:
        np.testing.assert_array_equal(vectors, library.matrix().astype(np.float32))
        assert set(library.ids) == {f"pictures/{name}" for name in names}
    assert vectors.shape == (12, 24)
