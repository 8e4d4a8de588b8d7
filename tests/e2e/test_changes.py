"""What a second run does: nothing for what stayed, no embedding for what moved, and pruning."""

import os
import shutil

import pytest

import lookalike
from shell import age, index, outcomes, photo, photos, run


@pytest.fixture(scope="module")
def indexed(tmp_path_factory):
    """Ten photos, indexed an hour after they were taken, and a copy to begin anew from."""
    folder = tmp_path_factory.mktemp("changes") / "album"
    photos(folder / "in", range(10))
    age(folder)
    assert outcomes(index(folder, "in")) == (10, 0, 0, 0)
    shutil.copytree(folder, folder.with_name("copy"))
    return folder


@pytest.fixture
def album(indexed):
    shutil.rmtree(indexed)
    shutil.copytree(indexed.with_name("copy"), indexed)
    return indexed


def vectors(folder):
    with lookalike.open(folder, create=False) as library:
        rows = [row.tobytes() for row in library.matrix()]
        return dict(zip(library.ids, rows, strict=True))


def test_a_second_run_embeds_nothing_and_opens_nothing(album):
    before = vectors(album)
    path = album / "in" / "003.jpg"
    size, then = path.stat().st_size, path.stat().st_mtime_ns
    path.write_bytes(bytes(size))  # what is not opened is not missed
    os.utime(path, ns=(then, then))

    assert outcomes(index(album, "in")) == (0, 10, 0, 0)
    assert vectors(album) == before


def test_a_touched_file_is_read_and_found_unchanged(album):
    (album / "in" / "003.jpg").touch()

    assert outcomes(index(album, "in")) == (0, 10, 0, 0)


def test_a_changed_file_is_embedded_again_and_only_that(album):
    before = vectors(album)
    photo(album / "in" / "003.jpg", 103)
    same_size = album / "in" / "004.jpg"
    data = bytearray(same_size.read_bytes())
    data[len(data) // 2] ^= 1
    same_size.write_bytes(data)

    assert outcomes(index(album, "in")) == (2, 8, 0, 0)
    after = vectors(album)
    assert {id_ for id_ in after if after[id_] != before[id_]} == {"003.jpg", "004.jpg"}
    # what was replaced is gone: nothing finds the old picture any more
    assert run(album, "info", "--json").json["contents"] == 10
    assert index(album, "in")["unchanged"] == 10


def test_moved_and_copied_files_are_recognised(album):
    before = vectors(album)
    shutil.copy(album / "in" / "001.jpg", album / "in" / "copy of 001.jpg")
    (album / "in" / "older").mkdir()
    (album / "in" / "002.jpg").rename(album / "in" / "older" / "2.jpg")

    report = index(album, "in")

    assert outcomes(report) == (0, 9, 2, 0)
    after = vectors(album)
    assert after["copy of 001.jpg"] == before["001.jpg"]
    assert after["older/2.jpg"] == before["002.jpg"] == after["002.jpg"]
    info = run(album, "info", "--json").json
    assert (info["images"], info["contents"]) == (12, 10)


def test_prune_removes_what_the_source_offers_no_more_and_dry_run_only_names_it(album):
    shutil.copy(album / "in" / "001.jpg", album / "elsewhere.jpg")
    index(album, "elsewhere.jpg")
    (album / "in" / "001.jpg").unlink()
    (album / "in" / "002.jpg").rename(album / "in" / "renamed.jpg")

    shown = index(album, "in", "--prune", "--dry-run")
    assert (shown["vanished"], shown["pruned"]) == (["001.jpg", "002.jpg"], 0)
    assert len(vectors(album)) == 12

    pruned = index(album, "in", "--prune")
    assert (pruned["vanished"], pruned["pruned"]) == (["001.jpg", "002.jpg"], 2)
    assert outcomes(pruned) == (0, 9, 0, 0)
    left = set(vectors(album))
    stayed = {f"00{n}.jpg" for n in (0, *range(3, 10))}
    assert left == stayed | {"elsewhere.jpg", "renamed.jpg"}
    assert run(album, "doctor", "--json").json["well"]


def test_without_prune_nothing_vanishes_and_with_a_limit_nothing_is_pruned(album):
    (album / "in" / "009.jpg").unlink()

    assert outcomes(index(album, "in")) == (0, 9, 0, 0)
    limited = index(album, "in", "--limit", 4, "--prune")
    assert (limited["offered"], limited["pruned"]) == (4, 0)
    assert any("Nothing was pruned" in note for note in limited["notes"])
    assert len(vectors(album)) == 10


def test_a_reject_that_was_mended_is_one_no_more(album):
    whole = (album / "in" / "005.jpg").read_bytes()
    (album / "in" / "new.jpg").write_bytes(whole[:300])

    assert outcomes(index(album, "in", expect=3)) == (0, 10, 0, 1)
    (reject,) = run(album, "rejects", "--json").json
    assert (reject["id"], reject["reason"]) == ("new.jpg", "truncated")
    assert run(album, "rejects", "--reason", "empty", "--json").json == []

    (album / "in" / "new.jpg").write_bytes(whole)
    assert outcomes(index(album, "in")) == (0, 10, 1, 0)
    assert run(album, "rejects", "--json").json == []


def test_a_stored_image_whose_file_broke_stays_findable(album):
    (album / "in" / "005.jpg").write_bytes(b"not any more")

    assert outcomes(index(album, "in", expect=3)) == (0, 9, 0, 1)
    found = run(album, "search", "id:005.jpg", "-k", 1, "--include-query", "--json")
    assert found.json["hits"][0]["id"] == "005.jpg"


def test_a_source_that_says_nothing_of_labels_and_metadata_leaves_them(tmp_path):
    photos(tmp_path / "hats", range(2))
    table = tmp_path / "table.csv"
    table.write_text("path,kind,price\nhats/000.jpg,hat,5\nhats/001.jpg,cap,7\n")

    def told(*arguments):
        index(tmp_path, *arguments)
        with lookalike.open(tmp_path) as library:
            return [
                (library.get(id_).label, dict(library.get(id_).meta)) for id_ in sorted(library.ids)
            ]

    priced = [("hat", {"price": 5}), ("cap", {"price": 7})]
    assert told("table.csv", "--label-column", "kind") == priced
    assert told(".") == priced
    assert told("hats/000.jpg", "hats/001.jpg") == priced
    changed = (tmp_path / "hats" / "001.jpg").read_bytes()
    (tmp_path / "hats" / "000.jpg").write_bytes(changed)
    assert told(".") == priced
    assert told(".", "--label-from", "folder") == [("hats", meta) for _, meta in priced]
    table.write_text("path,kind\nhats/000.jpg,\nhats/001.jpg,cap\n")
    assert told("table.csv", "--label-column", "kind") == [(None, {}), ("cap", {})]
