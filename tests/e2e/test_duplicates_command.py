"""lookalike duplicates: from finding to moving and back, by the real command."""

import csv
import hashlib
import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import lookalike
from moving import album, files, rows
from shell import index, picture, run


@pytest.fixture(scope="module")
def indexed(tmp_path_factory):
    place = tmp_path_factory.mktemp("duplicates")
    album(place)
    return place


@pytest.fixture
def place(indexed, tmp_path):
    """A library of its own, over the same photos in a folder of their own."""
    shutil.rmtree(tmp_path)
    shutil.copytree(indexed, tmp_path)
    shutil.rmtree(tmp_path / ".lookalike")
    index(tmp_path, tmp_path / "photos")
    return tmp_path


def groups(done) -> list[set[str]]:
    return [set(group["images"]) for group in done.json["groups"]]


def test_each_level_takes_in_the_ones_before_it(indexed):
    assert groups(run(indexed, "duplicates", "--level", "bytes", "--json")) == [
        {"0.jpg", "0 copy.jpg"}
    ]
    found = run(indexed, "duplicates", "--json")
    assert groups(found) == [
        {"0.jpg", "0 copy.jpg", "0 small.jpg", "test/0 mirrored.jpg"},
        {"1.jpg", "test/1 again.png"},
    ]
    hows = {frozenset(p["images"]): p["how"] for p in found.json["groups"][0]["pairs"]}
    assert hows[frozenset({"0.jpg", "0 copy.jpg"})] == "every byte the same"
    assert hows[frozenset({"0.jpg", "test/0 mirrored.jpg"})] == "mirrored"


def test_what_was_found_last_is_kept_for_the_page(place):
    run(place, "duplicates", "--across", "folder")
    with lookalike.open(place) as library:
        assert not library.has_kept_duplicates
    found = run(place, "duplicates", "--json")
    with lookalike.open(place) as library:
        kept = library.kept_duplicates()
    assert [{image.id for image in group.images} for group in kept.duplicates.groups] == groups(
        found
    )


def test_what_leaks_between_folders(indexed):
    found = run(indexed, "duplicates", "--across", "folder", "--json")
    pairs = [set(p["images"]) for group in found.json["groups"] for p in group["pairs"]]
    assert {"1.jpg", "test/1 again.png"} in pairs
    assert all(sum(id_.startswith("test/") for id_ in pair) == 1 for pair in pairs)


def test_unknown_words_are_refused(indexed):
    for options, said in (
        (("--level", "pixel"), "pixels"),
        (("--keep", "bets"), "best"),
        (("--across", "split"), "split"),
        (("--space", "mian"), "main"),
        (("--plan", "plan.txt"), ".csv or .json"),
        (("--decide", "maybe", "--of", "0.jpg", "--of", "1.jpg"), "keep-both"),
        (("--decide", "keep-both", "--of", "0.jpg"), "two images"),
        (("--undo", "--apply", "plan.csv"), "one of"),
        (("--undo",), "nothing to undo"),
    ):
        done = run(indexed, "duplicates", *options)
        assert done.code == 2, done.err
        assert said in done.err


@pytest.mark.parametrize("name", ["plan.csv", "plan.json"])
def test_plan_apply_and_undo_leave_everything_as_it_was(place, name):
    before, known = files(place / "photos"), rows(place)
    run(place, "duplicates", "--plan", name, "--keep", "best", "--protect", "*mirrored*")
    done = run(place, "duplicates", "--apply", name, "--json")
    assert done.code == 0, done.err
    assert done.json["files"] == 4
    left = set(files(place / "photos"))
    assert "test/0 mirrored.jpg" in left
    assert len(left) == len(before) - 4
    with closing(sqlite3.connect(place / ".lookalike" / "library.db")) as connection:
        ids = {id_ for (id_,) in connection.execute("SELECT id FROM images")}
    assert ids == left
    assert run(place, "duplicates", "--json").json["groups"] == []
    again = run(place, "duplicates", "--apply", name)
    assert again.code == 1
    assert "Nothing was moved" in again.err

    assert run(place, "duplicates", "--undo").code == 0
    assert files(place / "photos") == before
    assert rows(place) == known
    assert run(place, "doctor", "--json").json["well"]
    assert index(place, place / "photos")["unchanged"] == len(before)


def test_another_disk(place):
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == place.stat().st_dev:
        pytest.skip("no second disk here")
    other = shared / f"lookalike-test-{os.getpid()}"
    before = files(place / "photos")
    try:
        run(place, "duplicates", "--plan", "plan.csv")
        assert run(place, "duplicates", "--apply", "plan.csv", "--quarantine", other).code == 0
        assert len(files(place / "photos")) == len(before) - 4
        assert run(place, "duplicates", "--undo").code == 0
    finally:
        shutil.rmtree(other, ignore_errors=True)
    assert files(place / "photos") == before


def change(path: Path) -> None:
    picture(77).save(path)


def take_in(place: Path) -> None:
    change(place / "photos" / "0.jpg")
    index(place, place / "photos")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda place: (place / "photos" / "0 small.jpg").unlink(), "the file is gone"),
        (lambda place: change(place / "photos" / "0 small.jpg"), "the file has changed"),
        (lambda place: (place / "photos" / "1.jpg").unlink(), "1.jpg: the file is gone"),
        (take_in, "other bytes"),
        (lambda place: run(place, "remove", "1.jpg"), "no such image"),
    ],
)
def test_a_stale_plan_moves_nothing_and_says_what_changed(place, spoil, said):
    run(place, "duplicates", "--plan", "plan.csv")
    spoil(place)
    before = files(place / "photos")
    done = run(place, "duplicates", "--apply", "plan.csv")
    assert done.code == 1
    assert said in done.err
    assert files(place / "photos") == before
    assert not (place / ".lookalike-quarantine").exists()


def test_a_plan_cannot_name_files_of_its_own(place, tmp_path):
    secret = place / "secret.txt"
    secret.write_text("mine")
    run(place, "duplicates", "--plan", "plan.csv")
    with (place / "plan.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    forged = next(line for line in lines if line["action"] == "move")
    digest = hashlib.sha256(secret.read_bytes()).hexdigest()
    forged.update(path=str(secret), id="../secret.txt", sha256=digest)
    with (place / "plan.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(forged))
        writer.writeheader()
        writer.writerows(lines)
    assert run(place, "duplicates", "--apply", "plan.csv").code == 1
    assert secret.exists()


def test_a_link_out_of_the_folder_stays(tmp_path):
    outside, folder = tmp_path / "outside", tmp_path / "photos"
    outside.mkdir()
    folder.mkdir()
    picture(1, 320, 240).save(outside / "a.png")
    picture(1, 320, 240).save(folder / "b.png")
    (folder / "a.png").symlink_to(outside / "a.png")
    index(tmp_path, folder)
    run(tmp_path, "duplicates", "--plan", "plan.json", "--keep", "newest")
    plan = json.loads((tmp_path / "plan.json").read_text())
    for entry in plan["entries"]:
        moves = entry["id"] == "a.png"
        entry.update(action="move" if moves else "keep", match="b.png" if moves else "")
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    done = run(tmp_path, "duplicates", "--apply", "plan.json")
    assert done.code == 1
    assert "link" in done.err
    assert (outside / "a.png").exists()


def test_undo_overwrites_nothing(place):
    run(place, "duplicates", "--plan", "plan.csv")
    run(place, "duplicates", "--apply", "plan.csv")
    moved = sorted((place / ".lookalike-quarantine").rglob("0*"))
    change(place / "photos" / "0 small.jpg")
    mine = (place / "photos" / "0 small.jpg").read_bytes()
    done = run(place, "duplicates", "--undo")
    assert done.code == 1
    assert "another file lies at" in done.err
    assert (place / "photos" / "0 small.jpg").read_bytes() == mine
    assert sorted((place / ".lookalike-quarantine").rglob("0*")) == moved
    (place / "photos" / "0 small.jpg").unlink()
    assert run(place, "duplicates", "--undo").code == 0


def test_a_decision_is_not_asked_about_again(place):
    done = run(
        place,
        "duplicates",
        "--decide",
        "not-duplicates",
        "--of",
        "1.jpg",
        "--of",
        "test/1 again.png",
    )
    assert done.code == 0
    found = run(place, "duplicates", "--json")
    assert [len(group) for group in groups(found)] == [4]
    assert found.json["decided"] == 1
    picture(1, 320, 240).save(place / "photos" / "1.jpg", quality=30)
    index(place, place / "photos")
    assert [len(group) for group in groups(run(place, "duplicates", "--json"))] == [4, 2]


def test_a_plan_that_is_none(place):
    (place / "broken.json").write_text("[]")
    done = run(place, "duplicates", "--apply", "broken.json")
    assert done.code == 2
    assert "no plan" in done.err


def test_one_image_and_none(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    picture(1).save(folder / "one.png")
    index(tmp_path, folder)
    assert run(tmp_path, "duplicates", "--json").json["groups"] == []
    run(tmp_path, "remove", "one.png")
    assert run(tmp_path, "duplicates", "--level", "scene", "--json").json["groups"] == []


def test_equal_pixels_in_files_of_other_bytes(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    picture(1, 320, 240).save(folder / "one.png", compress_level=1)
    picture(1, 320, 240).save(folder / "other.bmp")
    picture(1, 320, 240).save(folder / "near.jpg", quality=95)
    index(tmp_path, folder)
    found = run(tmp_path, "duplicates", "--level", "pixels", "--json")
    assert groups(found) == [{"one.png", "other.bmp"}]
    assert found.json["groups"][0]["level"] == "pixels"
    assert groups(run(tmp_path, "duplicates", "--json")) == [{"one.png", "other.bmp", "near.jpg"}]
