"""`lookalike.Client` against a real server: the answers of the library itself, errors as errors."""

import io
import re
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lookalike
from lookalike.api.problems import ConflictError, of_error
from lookalike.client.problems import error_of
from lookalike.client.transport import send_json
from serving import served
from shell import photo

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "client.md"
KEY = "a-key-of-many-letters"


@pytest.fixture(scope="module")
def home(album, tmp_path_factory):
    folder = tmp_path_factory.mktemp("client")
    shutil.copytree(album / ".lookalike", folder / ".lookalike")
    return folder


@pytest.fixture(scope="module")
def client(home):
    with (
        served(home, "--api-key", KEY) as server,
        lookalike.Client(f"http://{server.host}:{server.port}", key=KEY) as client,
    ):
        yield client


def picture(seed):
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (90, 70, 3), np.uint8)).save(
        file, "PNG"
    )
    return file.getvalue()


def test_search_is_that_of_the_library(client, album, home):
    with lookalike.open(album) as library:
        ids = library.ids
        odd = ids[-1]
        file = home / "query.png"
        photo(file, 3)
        data = file.read_bytes()
        vector = library.vector(ids[0]).astype(np.float32)
        for query in (f"id:{odd}", data, file, str(file), vector, lookalike.Item(id=odd, weight=2)):
            expected = library.search(query, 4)
            found = client.search(query, 4)
            assert found.ids == expected.ids, query
            assert found.scores == pytest.approx(expected.scores.tolist(), abs=1e-5)
            assert [hit.label for hit in found] == expected.labels
            assert (found[0].rank, len(found), found.space) == (1, 4, "main")
        crop = {"image": data, "crop": (0.1, 0.1, 0.5, 0.5)}
        item = lookalike.Item(image=data, crop=(0.1, 0.1, 0.5, 0.5))
        assert client.search(crop, 4).ids == library.search(item, 4).ids
        both = {"positive": [data, f"id:{ids[0]}"], "negative": [f"id:{ids[5]}"]}
        where = {"where": "label = hats", "offset": 1}
        assert client.search(**both, k=3).ids == library.search(**both, k=3).ids
        expected = library.search(f"id:{ids[0]}", 2, **where).ids
        assert client.search(f"id:{ids[0]}", 2, **where).ids == expected
        assert client.search(f"id:{ids[0]}", 2, weights={"main": 1.0}).ids
        (stored, seen) = client.embeddings([f"id:{ids[0]}", {"image": data, "weight": 1.0}])
        assert np.dot(stored, vector) == pytest.approx(1, abs=1e-3)
        assert len(seen) == library.space.dim


def test_images_are_added_changed_shown_and_deleted(client):
    before = client.library().images
    assert client.add(picture(1), "new/1", label="hats", meta={"price": 3}).label == "hats"
    changed = client.change("new/1", label=None, meta={"size": "L"})
    assert (changed.label, changed.meta) == (None, {"price": 3, "size": "L"})
    assert client.change("new/1", meta={"size": None}).meta == {"price": 3}
    assert client.original("new/1") == picture(1)
    assert Image.open(io.BytesIO(client.thumbnail("new/1"))).format == "WEBP"
    assert [image.id for image in client.images(2, where="price = 3").images] == ["new/1"]
    assert len(list(client.every_image())) == before + 1
    client.judge("new/1", "hats/0.png", 1)
    assert [(one.image, one.verdict) for one in client.judgements()] == [("hats/0.png", 1)]
    client.delete("new/1")
    with pytest.raises(lookalike.UnknownIdError, match="new/1"):
        client.get("new/1")


def test_jobs_are_awaited_and_what_they_made_is_read(client):
    added = client.finished(client.add_files([picture(2), b"no image"], label="socks"))
    assert added.state == "done"
    assert added.result is not None
    assert (added.result["embedded"], added.result["rejected"]) == (1, 1)
    with pytest.raises(lookalike.UnknownIdError):
        client.map()
    client.finished(client.lay_out_map(method="pca"))
    assert len(client.map(colour=["label"]).points) == client.library().images
    assert client.map(colour=["label"]).colours[0].numbers
    client.finished(client.find_duplicates())
    assert client.duplicates().current
    assert {space.name for space in client.spaces()} == {"main"}
    assert client.facets(columns=["label"]).facets[0].values[0].images >= 3
    assert client.jobs()[-1].id == added.id


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (lookalike.DuplicateIdError("taken"), lookalike.DuplicateIdError),
        (ConflictError("The plan cannot be applied."), lookalike.LibraryError),
        (lookalike.LibraryBusyError("busy"), lookalike.LibraryBusyError),
        (lookalike.StorageFullError("full"), lookalike.StorageFullError),
        (lookalike.UnknownIdError("x"), lookalike.UnknownIdError),
        (lookalike.FilterError("no column", "a = 1", 0, 1), lookalike.UsageError),
        (lookalike.ImageRejectedError("empty"), lookalike.ImageRejectedError),
        (lookalike.ModelError("damaged"), lookalike.ServerError),
    ],
)
def test_an_error_of_the_service_is_one_of_the_client(raised, told):
    answer = of_error(raised)
    assert type(error_of(answer.status_code, answer.headers, bytes(answer.body))) is told


def test_problems_are_the_errors_of_a_library(client, home):
    with pytest.raises(lookalike.UnknownIdError, match="nobody"):
        client.search("id:nobody")
    with pytest.raises(lookalike.ImageRejectedError) as rejected:
        client.search(b"no image")
    assert rejected.value.reason in {"empty", "not-an-image", "unsupported", "broken", "unreadable"}
    with pytest.raises(lookalike.UsageError):
        client.search("id:hats/0.png", where="label =")
    with pytest.raises(lookalike.SourceError, match=r"nothing\.jpg"):
        client.search("nothing.jpg")
    client.add(picture(3), "new/3")
    with pytest.raises(lookalike.DuplicateIdError):
        client.add(picture(4), "new/3")
    url = client._transport._url
    with pytest.raises(lookalike.ServerError, match="key"), lookalike.Client(url) as other:
        other.spaces()
    with pytest.raises(lookalike.UsageError, match="begins with"):
        lookalike.Client("localhost:80")
    assert client.health().status == "ok"
    assert client.ready().images
    assert "lookalike_requests" in client.metrics()
    named = client.libraries()[0].name
    with lookalike.Client(url, key=KEY, library=named) as below:
        assert below.search("id:hats/0.png").ids == client.search("id:hats/0.png").ids


def test_the_examples_of_its_page_run(client, home, monkeypatch):
    monkeypatch.chdir(home)
    photo(home / "dress.jpg", 11)
    monkeypatch.setenv("LOOKALIKE_KEY", KEY)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    code = "\n".join(blocks).replace("http://127.0.0.1:8765", client._transport._url)
    names = {}
    exec(code, names)
    names["client"].close()
    assert names["hits"].ids
    assert names["job"].state == "done"


class Moody(BaseHTTPRequestHandler):
    """Busy twice, then closes the connection after each answer without a word."""

    protocol_version = "HTTP/1.1"
    asked = 0

    def do_GET(self):
        Moody.asked += 1
        if Moody.asked < 3:
            self._answer(503, b'{"detail": "Busy."}', ("Retry-After", "0"))
        elif self.path == "/healthz":
            self._answer(200, b'{"status": "ok", "version": "1", "python": "3"}')
            self.close_connection = True
        else:
            threading.Event().wait(2)

    def do_POST(self):
        Moody.asked += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(503, b"<html>no JSON", ("Retry-After", "0"))

    def _answer(self, status, body, *headers):
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_a_busy_service_is_asked_again_and_a_silent_one_is_given_up():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Moody)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    with lookalike.Client(url, timeout=60, retries=2) as client:
        assert client.health().version == "1"
        assert client.health().version == "1"  # the kept connection was closed meanwhile
        assert Moody.asked == 4
        with pytest.raises(lookalike.ServerError, match="status 503"):
            client._transport.send(send_json("POST", "/v1/search", {}, safe=True))
        assert Moody.asked == 7
    silent = pytest.raises(lookalike.ServerError, match=r"within 0\.5 s")
    with silent, lookalike.Client(url, timeout=0.5, retries=2) as client:
        client.spaces()
    server.shutdown()
    server.server_close()
    with pytest.raises(lookalike.ServerError, match="lookalike serve"), lookalike.Client(url) as c:
        c.health()
