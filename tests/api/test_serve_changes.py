"""Adding, changing, deleting and judging over HTTP: the next search knows, and so does the disk."""

import io
import json
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

import lookalike
from lookalike.store.store import Store
from serving import PROBLEM, served
from shell import photo, picture


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("changes")
    for seed in range(4):
        photo(folder / "in" / f"{seed}.png", seed)
    with lookalike.open(folder) as library:
        library.add(folder / "in")
    return folder


@pytest.fixture(scope="module")
def server(folder):
    with served(folder) as running:
        yield running


def drawn(seed):
    buffer = io.BytesIO()
    picture(seed, 120, 90).save(buffer, "PNG")
    return buffer.getvalue()


def add(server, data, **fields):
    texts = [(name, None, value.encode()) for name, value in fields.items()]
    return server.upload("/v1/images", [("image", "a.png", data), *texts])


def found(server, data, **how):
    texts = [(name, None, str(value).encode()) for name, value in how.items()]
    answer = server.upload("/v1/search/image", [("image", "q", data), *texts])
    assert answer.status == 200, answer.body
    return [hit["id"] for hit in answer.json["hits"]]


def uploads(folder):
    return {path for path in (folder / ".lookalike" / "uploads").rglob("*") if path.is_file()}


def test_an_upload_is_found_shown_changed_and_deleted(server, folder):
    data, before = drawn(10), uploads(folder)
    answer = add(server, data, id="new/ä 1", label="hat", meta='{"price": 3, "sold": false}')
    assert answer.status == 201, answer.body
    assert answer.json["meta"] == {"price": 3, "sold": False}
    assert found(server, data, where="price < 5") == ["new/ä 1"]
    assert server.get("/v1/image/original", id="new/ä 1").body == data
    assert server.get("/v1/image/thumbnail", id="new/ä 1").status == 200

    change = {"label": None, "meta": {"price": 9, "sold": None, "colour": "red"}}
    changed = server.ask(
        "PATCH",
        "/v1/image",
        json.dumps(change).encode(),
        {"Content-Type": "application/json"},
        id="new/ä 1",
    )
    assert (changed.status, changed.json["label"]) == (200, None)
    assert changed.json["meta"] == {"price": 9, "colour": "red"}
    assert found(server, data, where="price < 5") == []
    assert found(server, data, where="colour = red") == ["new/ä 1"]

    assert server.ask("DELETE", "/v1/image", id="new/ä 1").status == 204
    assert "new/ä 1" not in found(server, data)
    assert server.ask("DELETE", "/v1/image", id="new/ä 1").status == 404
    assert uploads(folder) == before


def test_the_same_again_and_another_under_its_id(server):
    data = drawn(11)
    first, again = add(server, data), add(server, data, label="b")
    assert (first.status, again.status) == (201, 201)
    assert first.json["id"] == again.json["id"]
    assert again.json["label"] == "b"
    other = add(server, drawn(12), id=first.json["id"])
    assert (other.status, other.headers["content-type"]) == (409, PROBLEM)


def test_a_bad_upload_leaves_nothing(server, folder):
    before = sorted((folder / ".lookalike" / "uploads").rglob("*"))
    images = server.get("/readyz").json["images"]
    for data, fields in ((b"no image", {}), (b"", {}), (drawn(13), {"meta": "[1]"})):
        answer = add(server, data, **fields)
        assert (answer.status, answer.headers["content-type"]) == (422, PROBLEM)
    url = {"url": "http://169.254.169.254/a.jpg"}
    answer = server.send("POST", "/v1/images/url", url)
    assert (answer.status, answer.json["reason"]) == (422, "forbidden")
    assert [p for p in sorted((folder / ".lookalike" / "uploads").rglob("*")) if p.is_file()] == [
        p for p in before if p.is_file()
    ]
    assert server.get("/readyz").json["images"] == images
    with lookalike.open(folder, create=False) as library:
        assert list(library.rejects()) == []


def test_an_id_that_is_taken_keeps_its_image(server):
    answer = server.send("POST", "/v1/images/url", {"url": "http://127.0.0.1:1/", "id": "3.png"})
    assert (answer.status, answer.headers["content-type"]) == (409, PROBLEM)
    assert server.get("/v1/image", id="3.png").status == 200


def test_a_verdict_is_kept(server, folder):
    verdict = {"query": "0.png", "image": "1.png", "verdict": 1}
    assert server.send("POST", "/v1/judgements", verdict).status == 204
    assert server.get("/v1/judgements").json["judgements"] == [verdict]
    assert server.send("POST", "/v1/judgements", verdict | {"verdict": None}).status == 204
    assert server.get("/v1/judgements").json["judgements"] == []
    assert server.send("POST", "/v1/judgements", verdict | {"image": "none"}).status == 404


def test_another_writer_is_a_conflict_and_reading_goes_on(server, folder):
    store = Store.open(folder / ".lookalike")
    try:
        with store.writing():
            answer = add(server, drawn(20))
            assert (answer.status, "Retry-After".lower() in answer.headers) == (409, True)
            assert str(folder) not in answer.body.decode()
            assert len(found(server, drawn(0))) >= 4
    finally:
        store.close()
    assert add(server, drawn(20)).status == 201


def test_what_was_acknowledged_survives_a_kill(folder, tmp_path):
    photo(tmp_path / "in" / "0.png", 0)
    with lookalike.open(tmp_path) as library:
        library.add(tmp_path / "in")
    with served(tmp_path) as server:
        with ThreadPoolExecutor(3) as threads:
            answers = list(threads.map(lambda seed: add(server, drawn(seed)), range(30, 36)))
        assert {answer.status for answer in answers} == {201}
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
    kept = {answer.json["id"] for answer in answers} | {"0.png"}
    with lookalike.open(tmp_path, create=False) as library:
        assert set(library.ids) == kept
        assert library.check() == []
