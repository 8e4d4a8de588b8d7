"""`lookalike search` with several items, batches, pages, and `lookalike neighbours`."""

import csv
import json
import shlex
import shutil

import pytest

from shell import index, photo, run

COUNT = 8


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    folder = tmp_path_factory.mktemp("questions")
    for seed in range(COUNT):
        photo(folder / "in" / f"{seed}.jpg", seed, quality=90)
    index(folder, "in")
    photo(folder / "2:odd.jpg", 3)
    shutil.copy(folder / "in" / "4.jpg", folder / "+")
    (folder / "questions.txt").write_text("id:0.jpg\nid:1.jpg\n")
    return folder


def ids(found):
    return [hit["id"] for hit in found["hits"]]


def test_one_question_of_all_kinds_of_items(album):
    words = ["2:in/0.jpg", "+", "id:1.jpg#xywh=percent:0,0,50,100", "-", "in/2.jpg"]
    found = run(album, "search", *words, "--crop", "10,10,60,50", "-k", COUNT, "--json").json
    shown = "2:in/0.jpg#xywh=10,10,60,50 + id:1.jpg#xywh=0,0,0.5,1 - in/2.jpg"
    assert found["query"] == shown
    assert set(ids(found)) == {f"{seed}.jpg" for seed in range(3, COUNT)}
    assert found["next_offset"] is None


def test_a_file_is_reached_whatever_its_name(album):
    odd = run(album, "search", "./2:odd.jpg", "-k", 1, "--json").json
    assert ids(odd) == ["3.jpg"]
    assert ids(run(album, "search", "./+", "-k", 1, "--json").json) == ["4.jpg"]
    weighed = run(album, "search", "2:odd.jpg", "-k", 1)
    assert weighed.code == 1
    assert "odd.jpg: no such file" in weighed.err


def test_a_batch_answers_what_can_be_answered(album):
    lines = b"id:0.jpg\nin/1.jpg\n\nid:none.jpg\nin/none.jpg\n2:./2:odd.jpg\n"
    done = run(album, "search", "--batch", "-", "-k", 2, stdin=lines)
    assert done.code == 3
    assert [row[0] for row in done.rows] == ["id:0.jpg"] * 2 + ["in/1.jpg"] * 2 + [
        "./2:odd.jpg"
    ] * 2
    assert "No answer to id:none.jpg" in done.err
    assert "No answer to in/none.jpg" in done.err
    single = run(album, "search", "in/1.jpg", "-k", 2).rows
    assert [row[1:] for row in done.rows[2:4]] == single
    nul = run(album, "search", "--batch", "-", "-0", "-k", 1, "--json", stdin=b"id:0.jpg\0id:1.jpg")
    assert [json.loads(line)["query"] for line in nul.out.splitlines()] == ["id:0.jpg", "id:1.jpg"]


def test_paths_alone_for_other_programs(album):
    near = [hit["uri"] for hit in run(album, "search", "id:0.jpg", "-k", 3, "--json").json["hits"]]
    assert run(album, "search", "id:0.jpg", "-k", 3, "--paths").out.splitlines() == near
    ended = run(album, "search", "id:0.jpg", "-k", 3, "--paths", "-0", "--html", "near.html")
    assert ended.out.split("\0") == [*near, ""]
    assert "Written: near.html" in ended.err
    both = b"id:0.jpg\nid:1.jpg\n"
    many = run(album, "search", "--batch", "-", "-k", 3, "--paths", stdin=both).out.splitlines()
    assert many[:3] == near
    assert len(many) == 6


def test_paths_are_those_of_the_disk_whatever_they_hold(tmp_path):
    names = ["a b.jpg", "it's\nhere.jpg", "ünd.jpg"]
    for seed, name in enumerate(names):
        photo(tmp_path / "in" / name, seed)
    index(tmp_path, "in")
    done = run(tmp_path, "search", "in/a b.jpg", "--include-query", "--paths", "-0")
    assert sorted(done.out.split("\0")[:-1]) == sorted(str(tmp_path / "in" / n) for n in names)


def test_a_batch_explains_what_was_asked_together(album):
    lines = b"id:0.jpg\nid:1.jpg\n"
    done = run(album, "search", "--batch", "-", "-k", 1, "--explain", stdin=lines)
    assert done.err.count(f"exact scan of {COUNT} vectors: no index") == 1
    told = run(album, "search", "--batch", "-", "-k", 1, "--explain", "--json", stdin=lines)
    assert ["scan" in json.loads(line)["explanation"] for line in told.out.splitlines()] == [
        True
    ] * 2


def test_a_batch_from_a_table(album, tmp_path):
    table = tmp_path / "questions.csv"
    table.write_text("query,note\nid:0.jpg + 'in/1.jpg' - id:2.jpg,a\n\"a 'b\",b\n,c\n")
    page = tmp_path / "page.html"
    done = run(album, "search", "--batch", table, "-k", 1, "--json", "--html", page)
    assert done.code == 3
    assert json.loads(done.out)["query"] == "id:0.jpg + in/1.jpg - id:2.jpg"
    assert "2 questions had no answer" in done.err
    assert page.read_text(encoding="utf-8").count('class="sign"') == 3
    table.write_text("id\n0.jpg\n")
    assert run(album, "search", "--batch", table, "-k", 1).rows[0][0] == "id:0.jpg"
    table.write_text("file\n0.jpg\n")
    refused = run(album, "search", "--batch", table)
    assert refused.code == 2
    assert "no column `query` or `id`, but file" in refused.err


def test_pages_fit_together(album):
    whole = run(album, "search", "id:0.jpg", "-k", COUNT).rows
    pages = [run(album, "search", "id:0.jpg", "-k", 3, "--page", page) for page in (1, 2, 3)]
    assert [row for page in pages for row in page.rows] == whole
    assert "--offset 3" in pages[0].err
    assert "more" not in pages[2].err
    least = whole[2][3]
    assert len(run(album, "search", "id:0.jpg", "--within", float(least) - 1e-4).rows) == 3
    empty = run(album, "search", "id:0.jpg", "--within", 1.5)
    assert (empty.code, empty.rows) == (0, [])
    assert "Nothing is that similar" in empty.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "What is to be looked for"),
        (["id:0.jpg", "id:1.jpg"], "no + or - before"),
        (["id:0.jpg", "+"], "After '+'"),
        (["id:0.jpg", "--batch", "-"], "--batch brings the questions"),
        (["id:0.jpg", "--crop", "1,2"], "x,y,width,height"),
        (["id:0.jpg", "--crop", "90,70,60,60"], "which is 96 x 72"),
        (["--text", "a hat"], "knows no words"),
        (["id:0.jpg", "--diversity", "0.5", "--within", "0.5"], "leave diversity"),
        (["id:0.jpg", "--diversity", "2"], "--diversity"),
        (["id:0.jpg", "--paths", "--json"], "--paths prints nothing else"),
        (["--batch", "none.csv"], "none.csv"),
        (["--batch", "in", "--metric", "l3"], "Unknown metric 'l3'"),
        (["--batch", "questions.txt", "--where", "label ="], "label ="),
        (["--batch", "questions.txt", "--min-similarity", "nan"], "a finite number"),
    ],
)
def test_what_is_no_question_is_said_in_a_sentence(album, arguments, said):
    done = run(album, "search", *arguments)
    assert done.code in {1, 2}
    assert said in done.err
    assert done.out == ""


def test_the_graph_as_a_file(album, tmp_path):
    out = tmp_path / "graph.csv"
    facts = run(album, "neighbours", "-k", 3, "--out", out, "--json").json
    assert (facts["file"], facts["images"], facts["k"]) == (str(out), COUNT, 3)
    with out.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["id"] == "5.jpg"]
    expected = run(album, "search", "id:5.jpg", "-k", 3, "--json").json
    assert [row["neighbour"] for row in rows] == ids(expected)
    every = run(album, "neighbours", "-k", 999, "--out", out)
    assert f"The {COUNT - 1} nearest of {COUNT} images" in every.err
    refused = run(album, "neighbours", "--out", tmp_path / "graph.txt")
    assert refused.code == 2
    assert ".parquet, .csv or .npz" in refused.err


def test_the_demo_as_json(album, tmp_path):
    done = run(tmp_path, "demo", album / "in", "--page", tmp_path / "demo.html", "--json")
    facts = done.json
    assert facts["report"]["offered"] == COUNT
    assert len(facts["searches"]) > 3
    assert facts["page"] == str(tmp_path / "demo.html")
    last = run(tmp_path, "demo", album / "in", "--page", tmp_path / "demo.html").err.splitlines()[
        -1
    ]
    named = shlex.quote(str(album / "in"))
    assert f" serve --library {named}, then http://127.0.0.1:8765" in last
