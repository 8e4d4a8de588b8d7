"""Where images come from, through the shell: lists, archives, tables, several sources at once."""

import json
import tarfile
import zipfile

import pytest

from shell import index, outcomes, photo, photos, run


def ids(folder):
    facts = run(folder, "info", "--head", 1000, "--json").json
    return {image["id"]: image["label"] for image in facts["head"]}


def test_paths_from_another_program(tmp_path):
    names = photos(tmp_path / "in", range(3))
    odd = photo(tmp_path / "in" / "two\nlines.jpg", 3)
    paths = [f"in/{name}" for name in names]

    by_line = index(tmp_path, "-", stdin="\n".join([*paths, "in/nothing.jpg"]).encode(), expect=3)
    assert outcomes(by_line) == (3, 0, 0, 1)
    by_nul = index(tmp_path, "-", "-0", stdin="\0".join([*paths, "in/two\nlines.jpg"]).encode())
    assert outcomes(by_nul) == (1, 3, 0, 0)
    assert set(ids(tmp_path)) == {*paths, "in/two\nlines.jpg"}
    assert odd.is_file()


def test_labels_from_folders_and_a_limit(tmp_path):
    for seed, name in enumerate(["hats/a.jpg", "hats/b.jpg", "socks/c.jpg", "socks/d.jpg"]):
        photo(tmp_path / "in" / name, seed)

    assert index(tmp_path, "in", "--label-from", "folder", "--limit", 3)["offered"] == 3
    assert ids(tmp_path) == {"hats/a.jpg": "hats", "hats/b.jpg": "hats", "socks/c.jpg": "socks"}


@pytest.mark.parametrize("name", ["in.zip", "in.tar", "in.tar.gz"])
def test_archives_are_read_in_place(tmp_path, name):
    photos(tmp_path / "in", range(3))
    (tmp_path / "in" / "bad.jpg").write_bytes(b"bad")
    if name.endswith(".zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for path in sorted((tmp_path / "in").iterdir()):
                archive.write(path, f"x/{path.name}")
    else:
        with tarfile.open(tmp_path / name, "w:gz" if name.endswith("gz") else "w") as archive:
            archive.add(tmp_path / "in", "x")

    before = sorted(path.name for path in tmp_path.iterdir())
    assert outcomes(index(tmp_path, name, "-L", "lib", expect=3)) == (3, 0, 0, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*before, "lib"])
    assert outcomes(index(tmp_path, name, "-L", "lib", expect=3)) == (0, 3, 0, 1)
    found = run(tmp_path, "search", "in/001.jpg", "-L", "lib", "-k", 1, "--json").json["hits"]
    assert (found[0]["id"], round(found[0]["similarity"], 2)) == ("x/001.jpg", 1.0)
    # of a compressed tar the bytes can be had only once: their thumbnails were kept
    page = run(tmp_path, "search", "id:x/001.jpg", "-L", "lib", "--html", "o.html")
    assert page.code == 0
    assert (tmp_path / "o.html").read_text(encoding="utf-8").count("data:image/webp") == 3


TABLE = """image,kind,price,kids
000,hat,5,true
001,sock,7.5,false
missing,hat,1,true
001,sock,7.5,false
,hat,2,true
"""


def test_a_table_names_images_labels_and_facts(tmp_path):
    photos(tmp_path / "photos", range(2))
    (tmp_path / "table.csv").write_text(TABLE)
    columns = ("--path-template", "photos/{image}.jpg", "--id-column", "image")

    report = index(tmp_path, "table.csv", *columns, "--label-column", "kind", expect=3)

    assert outcomes(report) == (2, 0, 0, 2)
    assert report["reasons"] == {"missing": 1, "bad-row": 1}
    assert any("1 duplicate row skipped" in note for note in report["notes"])
    rejects = {reject["id"]: reject for reject in run(tmp_path, "rejects", "--json").json}
    assert rejects["missing"]["reason"] == "missing"
    assert "line 6" in rejects["table.csv:6"]["detail"]
    shown = run(tmp_path, "show", "001", "--json").json
    assert shown["label"] == "sock"
    assert shown["meta"]["price"] == 7.5
    assert shown["meta"]["kids"] is False


def test_a_table_without_the_column_says_which_it_has(tmp_path):
    photos(tmp_path / "photos", range(1))
    (tmp_path / "table.csv").write_text(TABLE)

    done = run(tmp_path, "index", "table.csv", "--path-column", "image", "--label-column", "knid")

    assert done.code == 1
    assert done.out == ""
    assert "'knid'" in done.err
    assert "Did you mean 'kind'?" in done.err
    for column in ("image", "kind", "price", "kids"):
        assert repr(column) in done.err


def test_json_lines_need_no_option_when_a_column_says_path(tmp_path):
    photos(tmp_path / "photos", range(2))
    rows = [{"path": f"photos/{n:03d}.jpg", "tags": ["a", n]} for n in range(2)]
    (tmp_path / "table.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    assert outcomes(index(tmp_path, "table.jsonl")) == (2, 0, 0, 0)
    shown = run(tmp_path, "show", "photos/001.jpg", "--json").json
    assert shown["meta"]["tags"] == '["a", 1]'


def test_one_id_from_two_places_is_an_error_that_names_both(tmp_path):
    photo(tmp_path / "one" / "a.jpg", 1)
    photo(tmp_path / "two" / "a.jpg", 2)

    done = run(tmp_path, "index", "one", "two", "--json")
    assert done.code == 1
    assert str(tmp_path / "one" / "a.jpg") in done.err
    assert str(tmp_path / "two" / "a.jpg") in done.err
    assert run(tmp_path, "info", "--json").json["images"] == 1

    assert outcomes(index(tmp_path, "two", "--id-prefix", "two/")) == (1, 0, 0, 0)
    assert set(ids(tmp_path)) == {"a.jpg", "two/a.jpg"}
