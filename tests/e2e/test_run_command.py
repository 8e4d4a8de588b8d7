"""`lookalike run`: the second run does nothing, and what changed runs again with what needs it."""

import json
import os
import signal
import time

import numpy as np
import pytest
from typer.testing import CliRunner

import lookalike
from lookalike.cli.main import app
from shell import age, photo, photos, run, start

CONFIG = """\
library: out
steps:
  index:
    sources: [in]
    model: colour-histogram
  seen:
    command: space add
    name: px
    spec: pixels
  clusters:
    k: 2
    html: out/pages/clusters.html
  nearest:
    command: neighbours
    out: out/nearest.csv
    k: 3
"""
NAMES = ["index", "seen", "clusters", "nearest"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    photos(tmp_path / "in", range(8))
    age(tmp_path)
    (tmp_path / "config.yml").write_text(CONFIG)
    return tmp_path


def states(folder, *arguments, code=0, change=None):
    if change is not None:
        path = folder / "config.yml"
        path.write_text(path.read_text().replace(*change))
    done = CliRunner().invoke(app, ["run", "config.yml", "--json", *arguments])
    assert done.exit_code == code, done.output
    return {row["step"]: row["state"] for row in json.loads(done.stdout)}


def ran(folder, *arguments, **options):
    return [
        name for name, state in states(folder, *arguments, **options).items() if state == "done"
    ]


def test_the_second_run_does_nothing_and_what_changed_runs_again(folder):
    assert ran(folder) == NAMES

    before = {path: path.stat().st_mtime_ns for path in (folder / "out").rglob("*.[ch]*")}
    again = run(folder, "run", "config.yml")
    assert (again.code, [row[2] for row in again.rows]) == (0, ["skipped"] * 4)
    assert "Nothing to do: 4 steps up to date" in again.err
    assert before == {path: path.stat().st_mtime_ns for path in (folder / "out").rglob("*.[ch]*")}

    assert ran(folder, change=("k: 3", "k: 4")) == ["nearest"]
    (folder / "out" / "nearest.csv").unlink()
    assert ran(folder) == ["nearest"]
    photo(folder / "in" / "more.jpg", 20)
    assert ran(folder) == NAMES
    assert ran(folder) == []


def test_another_model_runs_only_what_depends_on_it(folder):
    states(folder)
    changed = ("model: colour-histogram", "model: colour-histogram|centre")

    assert ran(folder, change=changed) == ["index", "clusters", "nearest"]
    with lookalike.open(folder / "out", create=False) as library:
        spaces = {space.name: space.spec for space in library.spaces()}
        assert library.space.spec == "colour-histogram|centre"
    assert spaces["main"] == "colour-histogram"
    assert "index" in ran(folder, change=changed[::-1])
    with lookalike.open(folder / "out", create=False) as library:
        assert library.space.name == "main"


def test_the_results_are_those_of_the_commands_by_hand(folder):
    states(folder)
    hand = ("--library", "hand")
    (folder / "hand").mkdir()
    assert run(folder, "index", "in", "--model", "colour-histogram", *hand).code == 0
    assert run(folder, "space", "add", "px", "pixels", *hand).code == 0
    assert run(folder, "clusters", "-k", 2, *hand).code == 0
    assert run(folder, "neighbours", "-k", 3, "--out", "hand/nearest.csv", *hand).code == 0

    assert (folder / "out/nearest.csv").read_text() == (folder / "hand/nearest.csv").read_text()
    with lookalike.open(folder / "out") as one, lookalike.open(folder / "hand") as other:
        assert one.ids == other.ids
        for space in ("main", "px"):
            np.testing.assert_array_equal(one.matrix(space), other.matrix(space))
        assert [(c.name, c.images) for c in one.clusters().clusters] == [
            (c.name, c.images) for c in other.clusters().clusters
        ]


def test_only_from_and_force_choose_what_is_run(folder):
    plan = run(folder, "run", "config.yml", "--check", "--json").json["steps"]
    assert [row["plan"] for row in plan] == ["run"] * 4
    assert ran(folder, "--only", "index") == ["index"]
    assert ran(folder, "--from", "clusters") == ["clusters", "nearest"]
    assert ran(folder) == ["seen"]
    assert ran(folder, "--force", "--only", "nearest") == ["nearest"]


def test_a_library_that_is_gone_or_changed_by_hand_is_noticed(folder):
    states(folder)
    assert run(folder, "remove", "000.jpg", "--library", "out").code == 0
    assert ran(folder) == ["seen", "clusters", "nearest"]
    (folder / "out" / ".lookalike").rename(folder / "gone")
    assert ran(folder) == NAMES


def test_what_was_done_before_a_failure_is_kept(folder):
    (folder / "in" / "bad.jpg").write_bytes(b"no image")
    text = (folder / "config.yml").read_text()
    (folder / "config.yml").write_text(text.replace("spec: pixels", "spec: pixels|pca:9999"))
    done = run(folder, "run", "config.yml")

    assert done.code == 2
    assert [row[2] for row in done.rows] == [
        "done, some rejected",
        "failed",
        "not reached",
        "not reached",
    ]
    assert "Step seen failed (config.yml, line 6)" in done.err
    (folder / "config.yml").write_text(text)
    assert ran(folder) == ["seen", "clusters", "nearest"]


def test_an_interrupted_run_says_how_to_go_on(folder):
    photos(folder / "in", range(100, 1000))
    process = start(folder, "run", "config.yml")
    said = iter(process.stderr.readline, b"")
    assert any(b"Step index" in line for line in said), "it ended before it indexed"
    deadline = time.monotonic() + 60
    while not any(path.read_text().startswith(f"{process.pid}\n") for path in folder.rglob("lock")):
        assert time.monotonic() < deadline, "it took no lock"
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)

    assert process.returncode == 130, err
    assert b"go on with: lookalike run config.yml" in err
    assert b"not reached" in out
    assert ran(folder)[-1] == "nearest"


def test_a_wrong_configuration_is_told_and_nothing_is_run(folder):
    (folder / "config.yml").write_text(CONFIG.replace("k: 3", "kk: 3"))
    done = run(folder, "run", "config.yml")

    assert (done.code, done.out) == (2, "")
    assert "Unknown option of `nearest` in config.yml, line 16, 'kk'." in done.err
    assert not (folder / "out").exists()


def test_after_decides_the_order_and_what_runs_again(folder):
    steps = {
        "nearest": {"command": "neighbours", "out": "n.csv", "k": 2, "after": "index"},
        "index": {"sources": "in", "model": "pixels"},
        "clusters": {"k": 2, "after": ["nearest"]},
    }
    (folder / "config.yml").write_text(json.dumps({"library": "out", "steps": steps}))

    assert ran(folder) == ["index", "nearest", "clusters"]
    assert ran(folder, change=('"k": 2, "after": "index"', '"k": 3, "after": "index"')) == [
        "nearest",
        "clusters",
    ]


def test_a_damaged_memory_only_means_that_everything_runs(folder):
    states(folder)
    (folder / ".config.yml.state.json").write_bytes(b'{"format": 1, "steps": {"index": {"a": 1}}}')
    assert ran(folder) == NAMES
