"""Old configurations on photos of one's own: LOOKALIKE_PHOTOS is their folder, else some are drawn.

`run`, the configuration that it prints and Metaflow give the same; a second run does nothing;
another model runs again only what depends on it. Weights are drawn: nothing compared needs more.
"""

import csv
import json
import os
import resource
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

import family_weights
from metaflows import flow, same
from old_configurations import FINDER, FOLDER
from shell import command, environment, photos

pytestmark = pytest.mark.campaign

MAP = """\
generate_tsne: True
tsne_path: "./{out}/tsne.png"
"""
STEPS = """\
library: steps
steps:
  clean: {table: data/images.csv, out: steps/clean.csv, report: steps/removed.csv}
  split: {table: steps/clean.csv, out: steps/parts, stratify: kind}
  index:
    sources: [steps/parts/clean.train.csv]
    path-template: "../../{image_path}"
    id-column: image_path
    model: "keras:multitask.keras#kind"
  colour: {command: space add, name: colour, spec: colour-histogram}
  near_colour: {command: neighbours, space: colour, out: steps/near_colour.csv, k: 3}
  nearest: {command: neighbours, out: steps/nearest.csv, k: 3}
  map: {html: steps/map.html, method: pca}
"""


@pytest.fixture
def place(tmp_path):
    """Photos below folders that are their labels, and a table of them."""
    given = os.environ.get("LOOKALIKE_PHOTOS")
    if given is None:
        photos(tmp_path / "drawn", range(60))
    rows = []
    for number, path in enumerate(sorted(Path(given or tmp_path / "drawn").rglob("*.jpg"))):
        kind = "abc"[number % 3]
        (tmp_path / "pictures" / kind).mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, tmp_path / "pictures" / kind)
        rows.append((f"./pictures/{kind}/{path.name}", kind))
    (tmp_path / "data").mkdir()
    with (tmp_path / "data" / "images.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("image_path", "kind"), *rows])
    return tmp_path


def run(folder, config, **variables):
    """The state of each step, what was said, and the seconds of the whole process."""
    began = time.monotonic()
    done = subprocess.run(
        command("run", config, "--json"),
        cwd=folder, env=environment(variables), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in {0, 3}, done.stderr
    states = {row["step"]: row["state"] for row in json.loads(done.stdout)}
    return states, done.stderr, time.monotonic() - began


def does_nothing(folder, config, **variables):
    """Run it again, three times: all is skipped. Other work on the machine does not count."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    runs = [run(folder, config, **variables) for _ in range(3)]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert {state for states, *_ in runs for state in states.values()} == {"skipped"}
    busy = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / len(runs)
    clock = ", ".join(f"{seconds:.2f}" for *_, seconds in runs)
    print(f"{config} again: {clock} s; {busy:.2f} processor seconds each", flush=True)
    assert busy < 2


def printed(folder, config, **variables):
    """The modern configuration that `run --check` gives, in a file of its own."""
    done = subprocess.run(
        command("run", config, "--check", "--json"),
        cwd=folder, env=environment(variables), capture_output=True, text=True, check=True,
    )  # fmt: skip
    (folder / "modern.yml").write_text(json.dumps(json.loads(done.stdout)["configuration"]))
    return "modern.yml"


def test_a_folder_by_run_by_what_it_prints_and_by_metaflow(place):
    variables = family_weights.environment(place)
    family_weights.timm_weights(place, "legacy_xception.tf_in1k")
    for out in ("plain", "flow"):
        (place / f"{out}.yml").write_text((FOLDER + MAP).format(out=out))
    *_, seconds = run(place, "plain.yml", **variables)
    print(f"\nplain.yml: {seconds:.0f} s", flush=True)
    does_nothing(place, "plain.yml", **variables)

    written = (place / "plain" / "vectors.npy").read_bytes()
    states, said, _ = run(place, printed(place, "plain.yml", **variables), **variables)
    assert set(states) == {"index", "vectors", "map"}
    assert " 0 embedded" in said
    assert (place / "plain" / "vectors.npy").read_bytes() == written

    code, said = flow(place, "flow.yml", shards=4, **variables)
    assert code == 0, said
    count = same(place / "plain", place / "flow")
    one, other = (np.load(place / out / "vectors.npy") for out in ("plain", "flow"))
    print(f"{count} images, largest difference {np.abs(one - other).max()}", flush=True)
    np.testing.assert_allclose(one, other, atol=1e-5)
    ids = [(place / out / "vectors.ids.jsonl").read_text() for out in ("plain", "flow")]
    assert ids[0] == ids[1]
    does_nothing(place, "flow.yml", **variables)


def test_a_table_and_a_trained_model(place):
    family_weights.keras_file(place)
    (place / "config.yml").write_text(FINDER)
    *_, seconds = run(place, "config.yml")
    print(f"\nconfig.yml: {seconds:.0f} s", flush=True)
    does_nothing(place, "config.yml")
    lines = (place / "finder/vectors.ids.jsonl").read_text().splitlines()
    with (place / "data/images.csv").open(newline="") as file:
        assert set(map(json.loads, lines)) == {row["image_path"] for row in csv.DictReader(file)}

    states, _, _ = run(place, printed(place, "config.yml"))
    assert set(states) == {"index", "vectors", "engine"}
    (place / "config.yml").write_text(FINDER.replace('input: "kind"', 'input: "colour"'))
    states, _, _ = run(place, "config.yml")
    assert set(states.values()) <= {"done", "rejects"}
    does_nothing(place, "config.yml")


def test_another_model_runs_again_only_what_depends_on_it(place):
    family_weights.keras_file(place)
    (place / "steps.yml").write_text(STEPS)
    run(place, "steps.yml")
    does_nothing(place, "steps.yml")
    (place / "steps.yml").write_text(STEPS.replace("#kind", "#colour"))
    states, _, _ = run(place, "steps.yml")

    again = {name for name, state in states.items() if state != "skipped"}
    assert again == {"index", "nearest", "map"}
    does_nothing(place, "steps.yml")
