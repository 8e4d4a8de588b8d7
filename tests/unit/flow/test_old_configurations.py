"""Configurations of the two older programs become steps; what is wrong is said with its line."""

import csv
from pathlib import Path

import pytest

from lookalike.errors import UsageError
from lookalike.flow.entries import parse_entries
from lookalike.flow.old import modernised
from shell import photos

FOLDER = """\
pictures_path: pictures
file_list_path: model/file_list.csv
vectors_path: model/vectors.npy
infer_classes: {classes}
reduce_vector_dimensionality: {reduced}
"""
FINDER = """\
paths:
  images_dataframe_path: data/table.csv
  trained_model_path: net.keras
  vectors_path: out/vectors.npy
  ann_index_path: out/index.hnsw
dataframe:
  path_field: image_path
  labels_field: None
model:
  layer_to_get_input: clf
  input_size: [224, 224]
  batch_size: 128
ann_index:
  init_time: {method: hnsw, space: cosinesimil}
  index_time: {M: 5, efConstruction: 100}
  query_time: {efSearch: 100}
  k: 7
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    photos(tmp_path / "pictures", range(2))
    (tmp_path / "data").mkdir()
    with (tmp_path / "data" / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["image_path"], ["pictures/000.jpg"]])
    (tmp_path / "net.keras").touch()
    return tmp_path


def modern(text: str):
    return modernised(parse_entries(text, Path("config.yml")))


@pytest.mark.parametrize(
    ("classes", "reduced", "expected"),
    [
        ("False", "False", {"model": "xception"}),
        ("True", "True", {"model": "xception|mean:4", "label-from": "folder"}),
    ],
)
def test_a_folder_of_pictures(folder, classes, reduced, expected):
    found = modern(FOLDER.format(classes=classes, reduced=reduced))

    assert found.settings == {
        "library": "model",
        "steps": {
            "index": {"sources": ["pictures"], "metric": "l2"} | expected,
            "vectors": {"command": "export vectors", "out": "model/vectors.npy"},
        },
    }


def test_the_map_of_a_folder_becomes_a_page(folder):
    text = FOLDER.format(classes="no", reduced="no") + "generate_tsne: yes\ntsne_path: m/xy.npy\n"

    assert modern(text).settings["steps"]["map"] == {"html": "m/xy.html"}


@pytest.mark.parametrize("flat", [False, True])
def test_a_table_and_a_trained_model(folder, flat):
    text = FINDER
    if flat:
        above, index = FINDER.split("ann_index:")
        lines = [line.strip() for line in above.splitlines() if line.startswith("  ")]
        text = "\n".join([*lines, "ann_index:"]) + index
    found = modern(text)

    assert found.settings == {
        "library": "out",
        "steps": {
            "index": {
                "sources": ["data/table.csv"],
                "model": "keras:net.keras#clf",
                "metric": "cosine",
                "path-template": "../{image_path}",
                "id-column": "image_path",
            },
            "vectors": {"command": "export vectors", "out": "out/vectors.npy"},
            "engine": {"command": "index", "engine": "hnsw"},
        },
    }
    assert any("-k 7" in note for note in found.notes)


def test_paths_that_go_from_the_folder_of_the_table_stay_as_they_are(folder):
    photos(folder / "data" / "pictures", [0])

    assert modern(FINDER).settings["steps"]["index"]["path-column"] == "image_path"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (FOLDER.format(classes="maybe", reduced="no"), "line 4: `infer_classes` must be true or"),
        (FOLDER.format(classes="no", reduced="no") + "infer_class: yes\n", "mean infer_classes"),
        ("vectors_path: v.npy\npictures_path: picture\n", "line 2: `pictures_path` names 'pict"),
        (FINDER.replace("hnsw, space: cosinesimil", "hnsw, space: cosine"), "Did you mean cosines"),
        (FINDER.replace("net.keras", "nets.keras"), "line 3: `trained_model_path` names"),
        (FINDER.replace("path_field", "path_fields"), "Did you mean path_field"),
        (FINDER.replace("  path_field: image_path\n", ""), "needs `path_field`"),
        (FINDER.replace("  k: 7", "  kk: 7"), "Unknown key of `ann_index` in config.yml, line 17"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(folder, text, said):
    with pytest.raises(UsageError) as caught:
        modern(text)

    assert said in str(caught.value)


def test_a_configuration_of_steps_is_not_old(folder):
    assert modern("steps: {index: {sources: pictures}}") is None
    assert modern("index: {sources: pictures}") is None
