"""`lookalike clean` and `lookalike split` by the real command, and what leaks between the parts."""

import csv
import json

import pytest
from typer.testing import CliRunner

from lookalike.cli.main import app
from lookalike.errors import UsageError
from moving import album
from shell import index, run

ALIKE = [
    {"0.jpg", "0 copy.jpg", "0 small.jpg", "test/0 mirrored.jpg"},
    {"1.jpg", "test/1 again.png"},
]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepare")
    album(folder)
    photos = folder / "photos"
    names = sorted(path.relative_to(photos).as_posix() for path in photos.rglob("*.*"))
    with (photos / "goods.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["image", "label"], *([name, "x"] for name in names)])
    return folder


def parts(folder):
    found = {}
    for part in ("train", "test"):
        with (folder / f"goods.{part}.csv").open(newline="") as file:
            found |= {row["id"]: part for row in csv.DictReader(file)}
    return found


def test_a_table_is_cleaned_and_the_command_says_what_went(tmp_path):
    (tmp_path / "goods.tsv").write_text(
        "image\tLabel\n a.jpg\thut\nb.jpg\tHut\na.jpg\thut\n\tHut\nc\tHut\n"
    )
    done = run(tmp_path, "clean", "goods.tsv", "--rename", "Label=kind")

    assert done.code == 0
    assert done.out.splitlines()[0].startswith("5 rows: 3 kept, 2 removed")
    assert {row[0]: row[1] for row in done.rows[1:]} == {"duplicate-row": "1", "empty": "1"}
    assert "Label: 'Hut' for 'hut' (2)" in done.err
    assert (
        tmp_path / "goods.clean.tsv"
    ).read_text() == "image\tkind\na.jpg\tHut\nb.jpg\tHut\nc\tHut\n"


def test_json_another_format_and_what_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hats.tsv").write_text("image\tLabel\na.jpg\thut\na.jpg\thut\n")

    def clean(*arguments):
        return CliRunner().invoke(app, ["clean", "hats.tsv", *arguments])

    assert json.loads(clean("--json", "--out", "o.jsonl").stdout)["removed"] == {"duplicate-row": 1}
    assert json.loads((tmp_path / "o.jsonl").read_text()) == {"image": "a.jpg", "Label": "hut"}
    for wrong in (["--rename", "Label"], ["--out", "hats.tsv"], ["--unique", "Labels"]):
        assert isinstance(clean(*wrong).exception, UsageError)


@pytest.mark.extra  # needs none, but takes its time
def test_near_duplicates_in_two_parts_are_reported(place):
    index(place, place / "photos")
    done = run(
        place, "split", "photos/goods.csv", "--train", 0.5, "--seed", 3, "--library", ".", "--json"
    )
    sides = parts(place / "photos")
    crossing = [alike for alike in ALIKE if len({sides[name] for name in alike}) == 2]

    assert done.code == 0
    assert len(done.json["leaks"]) >= len(crossing) > 0
    for leak in done.json["leaks"]:
        assert any({leak["one"], leak["other"]} <= alike for alike in crossing)
        assert sides[leak["one"]] == leak["one_part"] != leak["other_part"] == sides[leak["other"]]
    with (place / "photos" / "goods.leaks.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == len(done.json["leaks"])


@pytest.mark.extra
def test_without_a_library_the_images_are_looked_at_for_this_alone(place):
    table = ("split", "photos/goods.csv", "--train", 0.5, "--seed", 3)
    with_library = run(place, *table, "--library", ".", "--json").json["leaks"]
    (place / ".lookalike").rename(place / "put away")
    alone = run(place, *table, "--check-images", "--json").json["leaks"]
    (place / "put away").rename(place / ".lookalike")

    def names(leaks):
        return {frozenset((leak["one"], leak["other"])) for leak in leaks}

    assert names(alone) == names(with_library)
    assert run(place, *table, "--check-images", "--library", ".").code == 2


@pytest.mark.extra
def test_ids_that_a_library_does_not_know_are_no_proof_of_anything(place):
    done = run(place, "split", "photos/goods.csv", "--path-template", "x/{image}", "-L", ".")
    assert done.code == 2
    assert "none of the ids" in done.err
