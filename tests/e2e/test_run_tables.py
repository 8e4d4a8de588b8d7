"""`clean`, `split` and data sets as steps of a configuration: made once, then skipped."""

import json
from pathlib import Path

from typer.testing import CliRunner

import lookalike
from lookalike.cli.main import app
from lookalike.cli.steps import read_steps
from lookalike.flow.entries import parse_entries
from lookalike.flow.plan import check_files
from shell import age, photos

CONFIG = """\
library: out
steps:
  clean:
    table: goods.csv
    rename: [kind=label]
  split:
    table: goods.clean.csv
    train: 0.5
    valid: 0.25
    id-column: image
  index:
    sources: [goods.clean.train.csv]
    path-template: in/{image}
    label-column: label
    model: colour-histogram
"""


def states():
    done = CliRunner().invoke(app, ["run", "config.yml", "--json"])
    assert done.exit_code == 0, done.output
    return {row["step"]: row["state"] for row in json.loads(done.stdout)}


def test_a_table_is_cleaned_split_and_indexed_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = photos(tmp_path / "in", range(8))
    rows = [f"{name},{'Hat' if name < '004' else 'Sock'}\n" for name in [*names, names[0]]]
    (tmp_path / "goods.csv").write_text("image,kind\n" + "".join(rows))
    (tmp_path / "config.yml").write_text(CONFIG)
    age(tmp_path)

    assert set(states().values()) == {"done"}
    with lookalike.open("out", create=False) as library:
        assert len(library.ids) == 4
        assert {library.get(id_).label for id_ in library.ids} <= {"Hat", "Sock"}
    assert set(states().values()) == {"skipped"}
    (tmp_path / "goods.clean.valid.csv").unlink()
    again = states()  # the table of the index step is written anew, so that step looks at it
    assert again == {"clean": "skipped", "split": "done", "index": "done"}


def test_a_data_set_is_no_file_and_split_has_no_library_unless_it_names_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "goods.csv").write_text("image\na.jpg\n")
    text = """\
library: out
steps:
  fetch: {table: "dataset:clothing", out: clothes, count: 100}
  index: {sources: [clothes/outcomes.csv], path-column: file, id-column: id, label-column: label}
  split: {table: goods.csv}
"""
    fetch, index, split = read_steps(parse_entries(text, Path("config.yml")), app)
    check_files([fetch, index, split])

    assert (fetch.reads, fetch.writes, fetch.options["only"]) == ([], ["clothes"], 100)
    assert index.options["library"] == "out"
    assert "library" not in split.options
    assert split.writes == ["goods.train.csv", "goods.test.csv"]
