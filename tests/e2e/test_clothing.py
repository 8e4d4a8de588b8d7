"""The shared photos and their table: 1,546 rows, 5 of them without a file."""

import csv

import numpy as np
import pytest

import lookalike
from clothing import CLOTHING, TABLE, needs_clothing
from lookalike.index import building, tuning
from lookalike.index.engine import ENGINES
from lookalike.index.on_rows import OnRows
from shell import index, outcomes, run

OPTIONS = ["--path-template", "images/{image}.jpg", "--id-column", "image"]
OPTIONS += ["--label-column", "label"]


@pytest.fixture(scope="module")
def vectors(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clothing")
    index(folder, TABLE, *OPTIONS, "-L", folder, expect=3)
    with lookalike.open(folder) as library:
        return np.array(library.matrix())


@needs_clothing
@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_reaches_its_recall_on_the_photos(name, vectors):
    held, rows = vectors[::4].astype(np.float32), np.delete(vectors, np.s_[::4], axis=0)
    everything = np.arange(len(rows))
    ann = building.build(name, rows, everything, "cosine", lambda *_: None, lambda: False)
    none = np.full(len(held), -1)
    known = tuning.truth(rows, held, none, "cosine", None, unit=True)
    measured = tuning.tune(ann, rows, everything, known, 0.95, 1000)
    assert measured.recall >= 0.95

    wide = rows.astype(np.float64)
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    best = np.argsort(-(held @ wide.T), axis=1, kind="stable")[:, :10]
    _, found = OnRows(ann, rows, everything).nearest(held, 10, "cosine")
    alike = [len(set(some) & set(others)) for some, others in zip(found, best, strict=True)]
    assert np.mean(alike) / 10 >= 0.94


@needs_clothing
def test_the_table_of_clothing_is_indexed_and_then_left_alone(tmp_path):
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    there = {r["image"] for r in rows if (CLOTHING / "images" / f"{r['image']}.jpg").is_file()}
    missing = {row["image"] for row in rows} - there
    assert (len(there), len(missing)) == (1541, 5)
    options = [*OPTIONS, "-L", tmp_path]

    first = index(tmp_path, TABLE, *options, expect=3)
    assert first["embedded"] + first["duplicate"] == len(there)
    assert first["reasons"] == {"missing": len(missing)}
    assert {reject["id"] for reject in first["rejects"]} == missing

    again = index(tmp_path, TABLE, *options, expect=3)
    assert outcomes(again) == (0, len(there), 0, len(missing))
    assert again["seconds"] < 2
    info = run(tmp_path, "info", "--head", 2000, "--json").json
    assert {image["id"] for image in info["head"]} == there
    labels = {row["image"]: row["label"] for row in rows}
    assert all(image["label"] == labels[image["id"]] for image in info["head"])
