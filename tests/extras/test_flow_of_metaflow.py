"""A configuration as a Metaflow flow gives what `lookalike run` gives; run for real, locally."""

import numpy as np
import pytest

import family_weights
from metaflows import flow, same
from shell import photos, run

pytestmark = [pytest.mark.extra, pytest.mark.timeout(600)]

OLD = """\
pictures_path: "pictures"
file_list_path: "{out}/file_list.csv"
vectors_path: "{out}/vectors.npy"
infer_classes: True
reduce_vector_dimensionality: True
"""
MODERN = """\
library: {out}
steps:
  clean:
    table: goods.csv
    rename: [kind=label]
  split:
    table: goods.clean.csv
    train: 0.75
    id-column: image
  index:
    sources: [goods.clean.train.csv]
    path-template: pictures/{{image}}
    label-column: label
    model: colour-histogram
  nearest:
    command: neighbours
    out: {out}/nearest.csv
    k: 2
"""


def test_an_old_configuration(tmp_path):
    for kind, seeds in (("dress", range(2)), ("shoe", range(2, 4))):
        photos(tmp_path / "pictures" / kind, seeds)
    (tmp_path / "pictures" / "shoe" / "bad.jpg").write_bytes(b"no image")
    variables = family_weights.environment(tmp_path)
    family_weights.timm_weights(tmp_path, "legacy_xception.tf_in1k")
    for out in ("plain", "flow"):
        (tmp_path / f"{out}.yml").write_text(OLD.format(out=out))
    assert run(tmp_path, "run", "plain.yml", **variables).code == 3
    code, said = flow(tmp_path, "flow.yml", **variables)

    assert code == 0, said
    assert same(tmp_path / "plain", tmp_path / "flow") == 4
    np.testing.assert_allclose(
        np.load(tmp_path / "plain" / "vectors.npy"),
        np.load(tmp_path / "flow" / "vectors.npy"),
        atol=1e-5,
    )
    again = run(tmp_path, "run", "flow.yml", "--json", **variables)
    assert {row["state"] for row in again.json} == {"skipped"}
    assert not list(tmp_path.rglob("shard-*"))


def test_a_table_cleaned_split_and_indexed(tmp_path):
    names = photos(tmp_path / "pictures", range(8))
    rows = "".join(f"{name},Hat\n" for name in [*names, names[0]])
    (tmp_path / "goods.csv").write_text("image,kind\n" + rows)
    for out in ("plain", "flow"):
        (tmp_path / f"{out}.yml").write_text(MODERN.format(out=out))
    plain = run(tmp_path, "run", "plain.yml", "--json")
    assert plain.code == 0, plain.err
    code, said = flow(tmp_path, "flow.yml")

    assert code == 0, said
    assert same(tmp_path / "plain", tmp_path / "flow") == 6
    assert (tmp_path / "plain/nearest.csv").read_text() == (
        tmp_path / "flow/nearest.csv"
    ).read_text()
    again = run(tmp_path, "run", "flow.yml", "--json")
    assert {row["state"] for row in again.json} == {"skipped"}


def test_a_wrong_configuration_fails_before_anything_runs(tmp_path):
    (tmp_path / "flow.yml").write_text(MODERN.format(out="flow").replace("index:", "indexx:"))
    code, said = flow(tmp_path, "flow.yml")

    assert code != 0
    assert "Did you mean index" in said
    assert not (tmp_path / "flow").exists()
