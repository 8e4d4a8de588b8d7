"""Names that try to be something else: each stays one image with its own id, and only text."""

import json
import os
import re
import unicodedata

import pytest

from shell import index, outcomes, photo, run

NFD, NFC = unicodedata.normalize("NFD", "café.jpg"), unicodedata.normalize("NFC", "café.jpg")
NAMES = {
    b"new\nline.jpg": "new\nline.jpg",
    b"car\rriage.jpg": "car\rriage.jpg",
    b"ta\tb.jpg": "ta\tb.jpg",
    b"\x1b[31mred\x07.jpg": "\x1b[31mred\x07.jpg",
    b"'single' \"double\".jpg": "'single' \"double\".jpg",
    b"<script>alert(1).jpg": "<script>alert(1).jpg",
    b'"><img src=x onerror=alert(1)>.jpg': '"><img src=x onerror=alert(1)>.jpg',
    NFD.encode(): NFD,
    NFC.encode(): NFC,
    b"latin caf\xe9.jpg": "latin caf\\xe9.jpg",
    b"\xff\xfe.jpg": "\\xff\\xfe.jpg",
    b"x" * 251 + b".jpg": "x" * 251 + ".jpg",
    b"-rf.jpg": "-rf.jpg",
    b"--json.jpg": "--json.jpg",
    b"id:red.jpg": "id:red.jpg",
    b"red.jpg": "red.jpg",
    b" .jpg": " .jpg",
    b"100%.jpg": "100%.jpg",
    b"$(touch pwned).jpg": "$(touch pwned).jpg",
    b"a!b;c&d.jpg": "a!b;c&d.jpg",
    b"[bold]rich[red].jpg": "[bold]rich[red].jpg",
    "\u202egpj.exe\u200b🙈.jpg".encode(): "\u202egpj.exe\u200b🙈.jpg",
    b"'; DROP TABLE images; --.jpg": "'; DROP TABLE images; --.jpg",
    b"UPPER.JPEG": "UPPER.JPEG",
    b"sub\xff<b>\n/in.jpg": "sub\\xff<b>\n/in.jpg",
}


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    folder = tmp_path_factory.mktemp("names")
    for seed, name in enumerate(NAMES):
        path = os.fsdecode(os.fsencode(folder) + b"/in/" + name)
        photo(folder.joinpath(path), seed)
    report = index(folder, "in", "--label-from", "folder")
    assert outcomes(report) == (len(NAMES), 0, 0, 0)
    return folder


def test_ids_are_the_names_as_valid_unicode(album):
    images = run(album, "info", "--head", 100, "--json").json["head"]

    assert {image["id"] for image in images} == set(NAMES.values())


def test_a_second_run_knows_them_all(album):
    done = run(album, "index", "in", "-v")

    assert done.code == 0
    assert len(done.reported) == len(NAMES)
    assert {outcome for outcome, _ in done.reported} == {"unchanged"}
    assert all(character.isprintable() for character in done.err.replace("\n", ""))


def test_each_is_found_by_its_id_and_by_its_file(album):
    import lookalike

    with lookalike.open(album, create=False) as library:
        for name, id_ in NAMES.items():
            path = os.fsdecode(os.fsencode(album) + b"/in/" + name)
            assert library.get(id_).uri == path
            assert library.search(f"id:{id_}", 1, include_query=True).ids == [id_]
            assert library.search(path, 1, include_query=True).ids == [id_]
            assert library.search(path, len(NAMES)).ids.count(id_) == 0


def test_typed_as_bytes_a_name_finds_its_id(album):
    shown = run(album, "show", os.fsdecode(b"\xff\xfe.jpg"), "--json").json
    assert shown["id"] == "\\xff\\xfe.jpg"
    assert run(album, "show", "--json", "--", "-rf.jpg").json["id"] == "-rf.jpg"
    unknown = run(album, "search", os.fsdecode(b"id:\xf0.jpg"))
    assert unknown.code == 1
    assert "'\\\\xf0.jpg'" in unknown.err


def test_an_id_that_begins_like_a_query_is_not_mistaken_for_another(album):
    assert run(album, "show", "id:red.jpg", "--json").json["id"] == "id:red.jpg"
    named = run(album, "remove", "-", "--dry-run", "--json", stdin=b"id:red.jpg\n").json
    assert named["would_remove"] == ["id:red.jpg"]
    found = run(album, "search", "id:id:red.jpg", "--include-query", "-k", 1, "--json").json
    assert found["hits"][0]["id"] == "id:red.jpg"


def test_a_table_keeps_each_on_one_line_and_without_control_characters(album):
    done = run(album, "search", "id:red.jpg", "-k", 100)

    assert len(done.rows) == len(NAMES) - 1
    assert {len(row) for row in done.rows} == {5}
    assert all(character.isprintable() or character in "\n\t" for character in done.out)


def test_a_page_shows_them_as_text(album):
    done = run(album, "search", "id:<script>alert(1).jpg", "-k", 100, "--html", "page.html")

    assert done.code == 0
    html = (album / "page.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1).jpg" in html
    assert not re.search(r"<script|<img src=x|<b>", html)


def test_a_library_and_a_page_may_have_odd_names_too(album):
    place = os.fsdecode(b"lib\xff?#%20\n")
    report = index(album, os.fsdecode(b"in/latin caf\xe9.jpg"), "-L", place, "--id-prefix", "ü/")
    assert report["embedded"] == 1
    found = run(album, "search", "in/red.jpg", "-L", place, "--json", "--html", "\udcff.html")
    assert found.json["hits"][0]["id"] == "ü/in/latin caf\\xe9.jpg"
    assert (album / os.fsdecode(b"\xff.html")).is_file()
    prefixed = index(album, "in/red.jpg", "-L", place, "--id-prefix", os.fsdecode(b"\xff/"))
    assert prefixed["embedded"] == 1


def test_embedding_prints_them_as_json(album):
    paths = b"\0".join(b"in/" + name for name in NAMES)
    done = run(album, "embed", "-", "-0", stdin=paths)

    ids = [json.loads(line)["id"] for line in done.out.splitlines()]
    assert ids == [f"in/{id_}" for id_ in NAMES.values()]
