"""From a folder to answers: index, search, show, info, remove, embed, each checked by NumPy."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import lookalike
from shell import index, outcomes, photo, picture, run

COUNT = 12


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    """Twelve photos in two folders, indexed; the tests that use it only read."""
    folder = tmp_path_factory.mktemp("album")
    for seed in range(COUNT):
        photo(folder / ("hats" if seed < 5 else "socks") / f"{seed}.jpg", seed, quality=90)
    report = index(folder, ".", "--label-from", "folder")
    assert outcomes(report) == (COUNT, 0, 0, 0)
    return folder


@pytest.fixture(scope="module")
def vectors(album):
    """id -> float64 vector, as stored."""
    with lookalike.open(album, create=False) as library:
        rows = library.matrix().astype(np.float64)
        return dict(zip(library.ids, rows, strict=True))


def distances(query: np.ndarray, rows: np.ndarray, metric: str) -> np.ndarray:
    match metric:
        case "cosine":
            lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(query)
            return 1 - rows @ query / lengths
        case "ip":
            return -(rows @ query)
        case "l2":
            return np.sqrt(((rows - query) ** 2).sum(axis=1))
    return np.abs(rows - query).sum(axis=1)


@pytest.mark.parametrize("metric", ["cosine", "l2", "l1", "ip"])
def test_the_nearest_of_a_stored_image_are_those_of_numpy(album, vectors, metric):
    found = run(album, "search", "id:hats/3.jpg", "-k", 20, "--metric", metric, "--json").json

    others = [id_ for id_ in vectors if id_ != "hats/3.jpg"]
    rows = np.stack([vectors[id_] for id_ in others])
    expected = distances(vectors["hats/3.jpg"], rows, metric)
    order = np.argsort(expected)
    assert [hit["id"] for hit in found["hits"]] == [others[i] for i in order]
    assert [hit["distance"] for hit in found["hits"]] == pytest.approx(expected[order], abs=2e-6)
    assert [hit["rank"] for hit in found["hits"]] == list(range(1, COUNT))
    similar = [hit["similarity"] for hit in found["hits"]]
    assert similar == sorted(similar, reverse=True)


def test_a_file_finds_its_likes_and_itself_where_that_is_asked(album, vectors, tmp_path):
    likes = run(album, "search", "socks/7.jpg", "-k", COUNT, "--json").json
    assert "socks/7.jpg" not in {hit["id"] for hit in likes["hits"]}
    assert len(likes["hits"]) == COUNT - 1
    found = run(album, "search", "socks/7.jpg", "-k", 3, "--include-query", "--json").json
    assert found["hits"][0]["id"] == "socks/7.jpg"
    assert found["hits"][0]["similarity"] == pytest.approx(1, abs=1e-3)
    assert found["hits"][0]["label"] == "socks"

    # a copy elsewhere is no image of the library: it finds the one that is
    shutil.copy(album / "socks" / "7.jpg", tmp_path / "copy.jpg")
    copy = run(album, "search", tmp_path / "copy.jpg", "-k", 1, "--json").json
    assert copy["hits"][0]["id"] == "socks/7.jpg"

    # the same picture as other bytes: the network runs, and agrees
    picture(7).save(tmp_path / "again.png")
    again = run(album, "search", tmp_path / "again.png", "-k", 3, "--json").json
    assert again["hits"][0]["id"] == "socks/7.jpg"
    assert again["hits"][0]["similarity"] > 0.95


def test_a_table_for_people_has_the_same_answer(album):
    hits = run(album, "search", "id:hats/0.jpg", "-k", 4, "--json").json["hits"]
    done = run(album, "search", "id:hats/0.jpg", "-k", 4)

    assert done.out.splitlines()[0].split("\t") == ["rank", "id", "label", "similarity", "distance"]
    assert [row[:3] for row in done.rows] == [
        [str(hit["rank"]), hit["id"], hit["label"]] for hit in hits
    ]
    with_itself = run(album, "search", "id:hats/0.jpg", "-k", 4, "--include-query")
    assert with_itself.rows[0][1] == "hats/0.jpg"


def test_a_page_with_the_query_and_its_matches_needs_nothing_else(album, tmp_path):
    page = tmp_path / "matches.html"
    done = run(album, "search", "id:hats/1.jpg", "-k", 3, "--html", page)

    html = page.read_text(encoding="utf-8")
    assert done.out.splitlines()[-1] == str(page)
    assert html.count("data:image/webp;base64,") >= 3
    assert not re.search(r"<script|<link|https?://(?!www\.w3\.org)", html)
    for row in done.rows[:3]:
        assert row[1] in html


def test_show_tells_what_is_known(album, vectors):
    facts = run(album, "show", "hats/2.jpg", "--vector", "--json").json

    path = album / "hats" / "2.jpg"
    assert Path(facts["file"]) == path
    assert (facts["format"], facts["width"], facts["height"]) == ("JPEG", 96, 72)
    assert (facts["bytes"], facts["label"]) == (path.stat().st_size, "hats")
    assert facts["vector"] == vectors["hats/2.jpg"].tolist()
    table = dict(row[:2] for row in run(album, "show", "hats/2.jpg").rows)
    assert table["sha256"] == facts["sha256"]


def test_info_counts(album):
    facts = run(album, "info", "--json").json

    assert (facts["images"], facts["contents"], facts["rejects"]) == (COUNT, COUNT, {})
    assert (facts["dimension"], facts["metric"]) == (1280, "cosine")
    assert str(COUNT) in run(album, "info").out


def test_embed_prints_the_vectors_that_the_library_keeps(album, vectors):
    done = run(album, "embed", "hats/0.jpg", "socks/9.jpg")
    lines = [json.loads(line) for line in done.out.splitlines()]

    assert [line["id"] for line in lines] == ["hats/0.jpg", "socks/9.jpg"]
    for line in lines:
        assert np.linalg.norm(line["vector"]) == pytest.approx(1, abs=1e-5)
        assert np.abs(np.subtract(line["vector"], vectors[line["id"]])).max() < 5e-4


def test_embed_prints_a_vector_for_each_path_that_is_named(album, tmp_path):
    done = run(album, "embed", "hats/0.jpg", "none.jpg", "hats/0.jpg", "./hats/0.jpg", "--json")
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert done.code == 3
    assert [line["id"] for line in lines] == ["hats/0.jpg", "none.jpg", *["hats/0.jpg"] * 2]
    assert lines[1]["reason"] == "missing"
    assert lines[0]["vector"] == lines[2]["vector"] == lines[3]["vector"]

    out = tmp_path / "v.npy"
    facts = run(album, "embed", "hats/0.jpg", "hats/0.jpg", "-o", out, "--json").json
    beside = str(tmp_path / "v.ids.jsonl")
    assert facts == {"file": str(out), "ids": beside, "vectors": 2, "rejected": []}
    assert np.load(out).shape == (2, 1280)


def test_embed_writes_arrays_and_goes_on_past_what_is_no_image(album, tmp_path):
    (tmp_path / "text.jpg").write_text("no image")
    names = [album / "hats" / "0.jpg", tmp_path / "text.jpg", album / "hats" / "1.jpg"]
    paths = "".join(f"{name}\n" for name in names).encode()
    done = run(tmp_path, "embed", "-", "--raw", "-o", "vectors.npy", stdin=paths)

    assert (done.code, done.out) == (3, "")
    assert "text.jpg" in done.err
    assert "not-an-image" in done.err
    array = np.load(tmp_path / "vectors.npy")
    ids = (tmp_path / "vectors.ids.jsonl").read_text(encoding="utf-8").splitlines()
    assert (array.dtype, array.shape) == (np.float32, (2, 1280))
    assert [json.loads(line) for line in ids] == [str(names[0]), str(names[2])]
    assert np.linalg.norm(array, axis=1).min() > 2


def test_removing_touches_the_library_only(album, tmp_path):
    shutil.copytree(album, tmp_path / "copy")
    copy = tmp_path / "copy"

    shown = run(copy, "remove", "hats/0.jpg", "hats/1.jpg", "--dry-run", "--json").json
    assert shown == {"removed": [], "would_remove": ["hats/0.jpg", "hats/1.jpg"]}
    refused = run(copy, "remove", "hats/0.jpg", "hats/17.jpg")
    assert refused.code == 1
    assert "hats/1.jpg" in refused.err
    assert run(copy, "info", "--json").json["images"] == COUNT

    gone = run(copy, "remove", "-", "-0", stdin=b"hats/0.jpg\0hats/1.jpg\0")
    assert (gone.code, gone.out.split()) == (0, ["hats/0.jpg", "hats/1.jpg"])
    assert run(copy, "info", "--json").json["images"] == COUNT - 2
    assert (copy / "hats" / "0.jpg").is_file()
    found = run(copy, "search", "id:hats/2.jpg", "-k", COUNT, "--json").json["hits"]
    assert {hit["id"] for hit in found}.isdisjoint({"hats/0.jpg", "hats/1.jpg"})
    assert run(copy, "doctor", "--json").json["well"]


def test_a_library_is_found_from_a_folder_below(album):
    assert run(album / "hats", "info", "--json").json["images"] == COUNT
