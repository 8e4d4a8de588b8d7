"""URLs in requests lead nowhere inside: what the server connects to is noted at its sockets."""

import asyncio
import io
import json
import sys
import threading
import time
from contextlib import contextmanager

import pytest
from PIL import Image

from serving import served
from shell import photo
from web import Web, answer, redirect

WATCHED = """\
import json, os, socket, sys

NAMES = json.loads(os.environ["TEST_NAMES"])
resolve = socket.getaddrinfo

def resolved(host, port, *rest, **more):
    name = host.decode() if isinstance(host, bytes) else host
    if name in NAMES:
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 0))
            for one in NAMES[name]
        ]
    return resolve(host, port, *rest, **more)

def note(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        with open(os.environ["TEST_CONNECTS"], "a") as file:
            print(arguments[1][0], arguments[1][1], file=file)

socket.getaddrinfo = resolved
sys.addaudithook(note)
"""
NAMES = {
    "good.test": ["127.0.0.1"],
    "evil.test": ["127.0.0.1"],
    "mixed.test": ["93.184.216.34", "127.0.0.1"],
    "six.test": ["::1"],
    "mapped.test": ["2606:4700::1", "::ffff:127.0.0.1"],
    "nat.test": ["64:ff9b::7f00:1"],
    "cloud.test": ["169.254.169.254"],
}
INSIDE = [
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://10.1.2.3:{port}/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[fe80::1]:{port}/",
    "http://127.1:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://0.0.0.0:{port}/",
    "http://evil.test:{port}/",
    "http://mixed.test:{port}/",
    "http://six.test:{port}/",
    "http://mapped.test:{port}/",
    "http://nat.test:{port}/",
    "http://cloud.test/",
    "http://user:secret@127.0.0.1:{port}/",
    "http://good.test\\@127.0.0.1:{port}/",
    "file:///etc/passwd",
    "ftp://127.0.0.1:{port}/",
    "gopher://127.0.0.1:{port}/",
    "data:image/png;base64,AAAA",
]


def jpeg():
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(buffer, "JPEG")
    return buffer.getvalue()


@contextmanager
def inside():
    """A server that must never be asked."""

    async def handle(_, writer):
        writer.write(answer(jpeg()))

    with Web(handle) as web:
        yield web


@pytest.fixture(scope="module")
def watching(tmp_path_factory):
    """A server whose names are ours and whose connections are written down."""
    folder = tmp_path_factory.mktemp("watched")
    photo(folder / "in" / "0.png", 0)
    import lookalike

    with lookalike.open(folder) as library:
        library.add(folder / "in")
    (folder / "hook").mkdir()
    (folder / "hook" / "sitecustomize.py").write_text(WATCHED)
    connects = folder / "connects"
    connects.touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder / "hook"))
        patch.setenv("TEST_NAMES", json.dumps(NAMES))
        patch.setenv("TEST_CONNECTS", str(connects))
        with served(folder, "--allow-host", "good.test") as server:
            yield server, connects


@pytest.fixture
def watched(watching):
    """That server, with no connection so far."""
    watching[1].write_text("")
    return watching


def ways(server, url):
    """Every route that takes a URL."""
    yield server.search(positive=[{"url": url}])
    yield server.search(positive=[{"id": "0.png"}], negative=[{"url": url, "weight": 0.5}])
    yield server.send("POST", "/v1/images/url", {"url": url, "id": "new"})
    yield server.send("POST", "/v1/embeddings", {"input": [{"url": url}]})


@pytest.mark.skipif(sys.platform == "win32", reason="addresses of loopback differ")
def test_no_url_of_a_request_leads_inside(watched):
    server, connects = watched
    before = server.get("/v1/images").json["images"]
    with inside() as web:
        urls = [place.format(port=web.port) for place in INSIDE]
        for url in urls:
            for told in ways(server, url):
                assert told.status == 422, (url, told.body)
                assert b"secret" not in told.body
                assert b"127.0.0.1" not in told.body
        images = [{"url": url} for url in urls if url.startswith("http")]
        job = server.send("POST", "/v1/jobs", {"kind": "add", "images": images}).json
        server.get(f"/v1/jobs/{job['id']}/events")
        ended = server.get(f"/v1/jobs/{job['id']}").json
        assert (ended["state"], len(ended["result"]["refused"])) == ("done", len(images))
        assert {one["reason"] for one in ended["result"]["refused"]} <= {
            "forbidden",
            "bad-url",
            "dns",
        }
        assert (web.connections, connects.read_text()) == (0, "")
    assert server.get("/v1/images").json["images"] == before


def test_a_redirect_inside_is_not_followed(watched):
    server, connects = watched
    with inside() as trap:
        place = ""

        async def handle(_, writer):
            writer.write(redirect(place))

        with Web(handle) as web:
            for place in (  # noqa: B007  the handler reads it
                f"http://127.0.0.1:{trap.port}/",
                f"//localhost:{trap.port}/",
                f"http://evil.test:{trap.port}/",
                "http://169.254.169.254/",
                "file:///etc/passwd",
            ):
                for told in ways(server, web.url("/", "good.test")):
                    assert told.status == 422, told.body
            assert trap.connections == 0
            assert {line.split()[1] for line in connects.read_text().splitlines()} == {
                str(web.port)
            }


def test_what_is_vouched_for_is_fetched_added_and_found(watched):
    server, _ = watched

    async def handle(request, writer):
        writer.write(answer(jpeg()) if request.path.startswith("/a") else answer(status=404))

    with Web(handle) as web:
        image = {"url": web.url("/a.jpg", "good.test"), "id": "teal", "label": "plain"}
        assert server.send("POST", "/v1/images/url", image).status == 201
        again = server.search(positive=[{"url": image["url"]}], k=1, include_query=True)
        assert [hit["id"] for hit in again.json["hits"]] == ["teal"]
        many = [{"url": web.url(f"/{name}.jpg", "good.test"), "id": name} for name in ("a2", "b")]
        many.append({"url": web.url("/a3.jpg", "good.test"), "id": "teal"})
        job = server.send("POST", "/v1/jobs", {"kind": "add", "images": many}).json
        server.get(f"/v1/jobs/{job['id']}/events")
        result = server.get(f"/v1/jobs/{job['id']}").json["result"]
        assert (result["duplicate"], result["rejected"], result["taken"]) == (1, 1, 1)
        assert {(one["id"], one["reason"]) for one in result["refused"]} == {
            ("b", "http"),
            ("teal", "taken"),
        }
    assert server.get("/v1/image", id="teal").json["url"] == image["url"]


def test_a_server_that_hangs_holds_up_no_writer_and_no_job_that_is_stopped(watched):
    server, _ = watched

    async def hang(_, __):
        await asyncio.sleep(60)

    with Web(hang) as web:
        slow = {"url": web.url("/slow.jpg", "good.test")}
        job = server.send("POST", "/v1/jobs", {"kind": "add", "images": [slow]}).json
        waiting = threading.Thread(target=server.send, args=("POST", "/v1/images/url", slow))
        waiting.start()
        until = time.monotonic() + 60
        while web.connections < 2:
            assert time.monotonic() < until
            time.sleep(0.02)
        began = time.monotonic()
        changed = server.ask(
            "PATCH", "/v1/image?id=0.png", b'{"label": "x"}', {"Content-Type": "application/json"}
        )
        assert changed.status == 200
        server.ask("DELETE", f"/v1/jobs/{job['id']}")
        told = server.get(f"/v1/jobs/{job['id']}/events").body
        assert b'"state":"cancelled"' in told
        assert time.monotonic() - began < 30
    waiting.join(30)
    assert not waiting.is_alive()
