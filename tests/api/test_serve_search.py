"""Search over HTTP: the same answers as the library gives itself."""

import base64
import platform
import signal
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import numpy as np
import pytest

import lookalike
from lookalike.search.query import Item
from serving import served
from shell import picture

STRANGE = "socks/a b%2F..#?&ü\N{SNOWMAN}.jpg"


@pytest.fixture(scope="module")
def library(album):
    with lookalike.open(album, create=False) as opened:
        yield opened


def ids(answer):
    assert answer.status == 200, answer.body
    return [hit["id"] for hit in answer.json["hits"]]


def drawn(tmp_path, seed):
    path = tmp_path / f"{seed}.png"
    picture(seed, 200, 150).save(path)
    return path.read_bytes()


def test_an_id_finds_what_the_library_finds(server, library):
    answer = server.search(positive=[{"id": STRANGE}], k=5)
    expected = library.search(Item(id=STRANGE), k=5)

    assert ids(answer) == expected.ids
    first = answer.json["hits"][0]
    known = server.get("/v1/image", id=first["id"]).json
    assert (first["width"], first["height"]) == (known["width"], known["height"])
    assert first["similarity"] == pytest.approx(float(expected.scores[0]), abs=1e-5)
    assert "uri" not in first
    assert first["label"] in {"hats", "socks"}


def test_items_weights_filters_and_pages(server, library):
    question = {
        "positive": [{"id": "hats/0.png", "weight": 2}, {"id": "socks/5.png"}],
        "negative": [{"id": "hats/1.png"}],
        "where": "label = socks",
    }
    whole = ids(server.search(**question, k=10))
    first = server.search(**question, k=2, offset=0)
    second = server.search(**question, k=2, offset=first.json["next_offset"])

    assert all(id_.startswith("socks/") for id_ in whole)
    assert ids(first) + ids(second) == whole[:4]
    assert ids(server.search(positive=[{"id": "hats/0.png"}], weights={"main": 1}, k=3)) == (
        library.search("id:hats/0.png", k=3, weights={"main": 1}).ids
    )


def test_an_uploaded_image_is_found(server, album, tmp_path):
    data = (album / "in" / "hats" / "1.png").read_bytes()
    answer = server.upload("/v1/search/image", [("image", "x.png", data), ("k", None, b"3")])
    assert ids(answer)[0] == "hats/1.png"
    assert answer.json["hits"][0]["similarity"] == pytest.approx(1, abs=1e-3)

    new = drawn(tmp_path, 50)
    plain = server.upload("/v1/search/image", [("image", "x.png", new)])
    encoded = server.search(positive=[{"image": base64.b64encode(new).decode()}])
    assert ids(plain) == ids(encoded)


def test_a_crop_and_a_vector(server, library, tmp_path):
    new = drawn(tmp_path, 60)
    expected = library.search(Item(image=new, crop=(0, 0, 0.5, 0.5)), k=4)
    form = [("image", "x.png", new), ("crop", None, b"0,0,0.5,0.5"), ("k", None, b"4")]
    assert ids(server.upload("/v1/search/image", form)) == expected.ids
    vector = [float(value) for value in library.vector("socks/4.png")]
    found = ids(server.search(positive=[{"vector": vector}], k=1))
    assert found == ["socks/4.png"]


def test_many_at_once_get_the_answers_of_one(server, library, tmp_path):
    uploads = [drawn(tmp_path, seed) for seed in range(200, 240)]
    expected = [library.search(data, k=1).ids for data in uploads]

    def ask(data):
        return ids(server.upload("/v1/search/image", [("image", "x", data), ("k", None, b"1")]))

    with ThreadPoolExecutor(12) as threads:
        found = list(threads.map(ask, uploads))
    assert found == expected
    counts = server.get("/metrics").body.decode()
    sums = dict(line.rsplit(" ", 1) for line in counts.splitlines() if line[0] != "#")
    assert float(sums["lookalike_image_batch_count"]) < float(sums["lookalike_image_batch_sum"])
    assert float(sums[f'lookalike_images{{library="{library.directory.parent.name}"}}']) == 8


def test_images_are_listed_and_shown(server, library):
    first = server.get("/v1/images", count=5).json
    rest = server.get("/v1/images", count=5, after=first["next"]).json
    listed = [image["id"] for image in first["images"] + rest["images"]]
    assert listed == [record.id for record in library.head(8)]
    assert rest["next"] is None
    hats = server.get("/v1/images", where="label = hats").json["images"]
    assert [image["id"] for image in hats] == ["hats/0.png", "hats/1.png", "hats/2.png"]
    newest = server.get("/v1/images", count=5, newest=True).json
    older = server.get("/v1/images", count=5, newest=True, after=newest["next"]).json
    assert [image["id"] for image in newest["images"] + older["images"]] == listed[::-1]
    some = {"where": "label = hats", "newest": True, "count": 2}
    newest = server.get("/v1/images", **some).json
    older = server.get("/v1/images", **some, after=newest["next"]).json
    assert [one["id"] for one in newest["images"]] == ["hats/2.png", "hats/1.png"]
    assert [one["id"] for one in older["images"]] == ["hats/0.png"]

    shown = server.get("/v1/image", id=STRANGE).json
    assert (shown["id"], shown["width"], shown["format"]) == (STRANGE, 96, "JPEG")
    assert str(library.directory.parent) not in str(shown)


def test_thumbnails_and_originals_are_kept_by_their_etag(server, album):
    for route, kind in (("thumbnail", "image/webp"), ("original", "image/jpeg")):
        answer = server.get(f"/v1/image/{route}", id=STRANGE)
        assert (answer.status, answer.headers["content-type"]) == (200, kind)
        assert "max-age" in answer.headers["cache-control"]
        known = {"If-None-Match": answer.headers["etag"]}
        again = server.ask("GET", f"/v1/image/{route}", headers=known, id=STRANGE)
        assert (again.status, again.body) == (304, b"")
    original = server.get("/v1/image/original", id=STRANGE).body
    assert original == (album / "in" / STRANGE).read_bytes()


def test_spaces_and_health(server):
    (space,) = server.get("/v1/spaces").json["spaces"]
    assert (space["name"], space["dim"], space["vectors"], space["default"]) == (
        "main",
        1280,
        8,
        True,
    )
    assert server.get("/healthz").json == {
        "status": "ok",
        "version": version("lookalike"),
        "python": platform.python_version(),
    }
    assert server.get("/readyz").json == {"status": "ready", "images": 8}


def test_what_another_process_adds_is_in_the_next_answer(album, tmp_path):
    folder = tmp_path / "own"
    with lookalike.open(folder) as library:
        library.add(album / "in" / "hats")
        with served(folder) as server:
            assert len(ids(server.search(positive=[{"id": "0.png"}]))) == 2
            library.add(album / "in" / "socks")
            assert len(ids(server.search(positive=[{"id": "0.png"}]))) == 7
            assert np.isfinite(
                server.search(positive=[{"id": "0.png"}]).json["hits"][0]["distance"]
            )


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_with_0(album, sign):
    with served(album) as server:
        server.process.send_signal(sign)
        assert server.process.wait(20) == 0
