"""Whatever is sent, the answer is a problem with a sentence: no fault, no trace, no path."""

import base64
import io
import os
import socket
import struct
import zlib

import pytest
from pydantic import ValidationError

from lookalike.api import guard
from lookalike.api.problems import of_error
from lookalike.api.routes.duplicates import Planned
from lookalike.api.routes.embeddings import EmbeddingsRequest
from lookalike.api.routes.jobs import AddJob
from lookalike.api.schemas import AddUrl, SearchRequest
from lookalike.errors import LibraryDamagedError
from serving import PROBLEM, multipart, served
from shell import photo, picture

SECRETS = ("Traceback", "site-packages", "/tmp", "/home", ".lookalike", "sqlite")


def bomb():
    """A PNG whose header states 50,000 x 50,000 pixels."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def is_problem(answer, *statuses):
    text = answer.body.decode()
    assert answer.status in statuses, (answer.status, text)
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json["status"] == answer.status
    assert len(answer.json["detail"]) > 10
    assert not any(secret in text for secret in SECRETS), text
    return answer.json["detail"]


GOOD = {"positive": [{"id": "hats/0.png"}]}
QUESTIONS = {
    "unknown id": ({"positive": [{"id": "hats/none.png"}]}, 404),
    "id with a NUL": ({"positive": [{"id": "a\0b"}]}, 404),
    "id of half a character": ({"positive": [{"id": "\ud800"}]}, 422),
    "traversing id": ({"positive": [{"id": "../../../../etc/passwd"}]}, 404),
    "nothing": ({}, 422),
    "k too large": (GOOD | {"k": 10**9}, 422),
    "k huge": (GOOD | {"k": 10**400}, 422),
    "k zero": (GOOD | {"k": 0}, 422),
    "k a word": (GOOD | {"k": "many"}, 422),
    "malformed filter": (GOOD | {"where": "label = = 3"}, 422),
    "unknown column": (GOOD | {"where": "nonsense = 3"}, 422),
    "deep filter": (GOOD | {"where": "(" * 3000}, 422),
    "deep not": (GOOD | {"where": "not " * 900 + "label = a"}, 200, 422),
    "unknown field": (GOOD | {"kk": 3}, 422),
    "unknown field of an item": ({"positive": [{"id": "hats/0.png", "file": "/etc/passwd"}]}, 422),
    "unknown space": (GOOD | {"space": "none"}, 422),
    "unknown weights": (GOOD | {"weights": {"none": 1}}, 422),
    "zero weights": (GOOD | {"weights": {"main": 0}}, 422),
    "not calibrated": (GOOD | {"min_match": 0.5}, 422),
    "two kinds": ({"positive": [{"id": "hats/0.png", "text": "a"}]}, 422),
    "no words known": ({"positive": [{"text": "a red hat"}]}, 422),
    "short vector": ({"positive": [{"vector": [1, 2, 3]}]}, 422),
    "vector of zeros": ({"positive": [{"vector": [0] * 1280}]}, 422),
    "huge vector": ({"positive": [{"vector": [1e300] * 1280}]}, 422),
    "not base64": ({"positive": [{"image": "!!!"}]}, 422),
    "empty image": ({"positive": [{"image": ""}]}, 422),
    "no image": ({"positive": [{"image": "aGVsbG8gd29ybGQ="}]}, 422),
    "svg": ({"positive": [{"image": base64.b64encode(b"<svg xmlns='x'/>").decode()}]}, 422),
    "a crop of three": ({"positive": [{"id": "hats/0.png", "crop": [0, 0, 1]}]}, 422),
    "a crop outside": ({"positive": [{"id": "hats/0.png", "crop": [90, 0, 90, 9]}]}, 422),
    "many items": ({"positive": [{"id": "hats/0.png"}] * 33}, 422),
    "weight zero": ({"positive": [{"id": "hats/0.png", "weight": 0}]}, 422),
    "a file URL": ({"positive": [{"url": "file:///etc/passwd"}]}, 422),
    "cloud metadata": ({"positive": [{"url": "http://169.254.169.254/latest/meta-data/"}]}, 422),
    "loopback": ({"positive": [{"url": "http://127.0.0.1:1/"}]}, 422),
    "loopback in hex": ({"positive": [{"url": "http://0x7f000001/"}]}, 422),
    "mapped loopback": ({"positive": [{"url": "http://[::ffff:127.0.0.1]/"}]}, 422),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_bad_question_gets_a_sentence(server, name):
    question, *statuses = QUESTIONS[name]
    answer = server.send("POST", "/v1/search", question)
    if answer.status != 200 or 200 not in statuses:
        is_problem(answer, *statuses)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"k": NaN, "positive": []}', b"[" * 100_000],
)
def test_a_bad_body_gets_a_sentence(server, body):
    is_problem(server.send("POST", "/v1/search", body), 400, 422)


def test_json_of_another_type_is_refused(server):
    answer = server.send("POST", "/v1/search", GOOD, **{"Content-Type": "text/plain"})
    is_problem(answer, 415, 422)


SENTENCES = {
    "a type where several fit": (
        "/v1/images/url",
        {"url": "http://a.example/", "meta": {"price": [1]}},
        "meta.price: Input should be true or false, or a whole number, or a number, or a text.",
    ),
    "numbers to embed": ("/v1/embeddings", {"input": [1]}, "input: Input should be a text, or"),
    "a list to search": ("/v1/search", [], "body: Input should be an object."),
    "a file": ("/v1/search", {"positive": [{"url": "file:///x"}]}, "A url begins with http:// or"),
    "too deep": ("/v1/search", b"[" * 10**6, "The body cannot be read: it is no JSON, nested"),
    "too long a number": ("/v1/search", b'{"k": ' + b"9" * 5000 + b"}", "The body cannot be read"),
}


@pytest.mark.parametrize("name", SENTENCES)
def test_the_sentence_names_what_is_meant(server, name):
    path, body, sentence = SENTENCES[name]
    assert is_problem(server.send("POST", path, body), 400, 422).startswith(sentence)


def test_what_is_sent_as_another_type_is_told_which(server):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert "Content-Type: application/json" in is_problem(
        server.send("POST", "/v1/search", GOOD, **form), 415
    )
    assert "multipart/form-data" in is_problem(
        server.ask("POST", "/v1/images", b"image=abc", form), 415
    )
    text = is_problem(server.upload("/v1/images", [("image", None, b"abc")]), 422)
    assert text == "image.0: this is no file; send one in multipart/form-data, with a file name."


def test_head_is_answered_as_get_without_the_body(server):
    for path in ("/healthz", "/", "/v1/image/original?id=hats/0.png", "/v1/images?count=2"):
        whole, head = server.get(path), server.ask("HEAD", path)
        assert (head.status, head.body) == (200, b"")
        for name in ("content-type", "content-length"):
            assert head.headers[name] == whole.headers[name]
    assert server.ask("HEAD", "/v1/image?id=none").status == 404


def test_a_problem_names_routes_and_no_folders(server):
    assert "/openapi.json" in is_problem(server.get("/v1/images/"), 404)
    assert "/openapi.json" in is_problem(server.ask("PUT", "/v1/images"), 405)


UPLOADS = {
    "not an image": ([("image", "a.jpg", b"hello")], "not-an-image"),
    "0 bytes": ([("image", "a.jpg", b"")], "empty"),
    "a bomb": ([("image", "a.jpg", bomb())], "too-large"),
    "two files": ([("image", "a.jpg", b"1"), ("image", "b.jpg", b"2")], None),
    "no file": ([("k", None, b"3")], None),
    "a text for a file": ([("image", None, b"3")], None),
    "unknown field": ([("image", "a.jpg", b"1"), ("path", None, b"/etc/passwd")], None),
    "bad crop": ([("image", "a.jpg", b"1"), ("crop", None, b"1,2")], None),
    "a word for a crop": ([("image", "a.jpg", b"1"), ("crop", None, b"left")], None),
    "a NaN crop": ([("image", "a.jpg", b"1"), ("crop", None, b"nan,0,1,1")], None),
}


@pytest.mark.parametrize("name", UPLOADS)
def test_a_bad_upload_gets_a_sentence(server, name):
    parts, reason = UPLOADS[name]
    answer = server.upload("/v1/search/image", parts)
    is_problem(answer, 400, 422)
    assert answer.json.get("reason") == reason


def test_a_truncated_multipart(server):
    body, kind = multipart([("image", "a.jpg", b"x" * 1000)])
    answer = server.ask("POST", "/v1/search/image", body[:500], {"Content-Type": kind})
    is_problem(answer, 400, 422)
    answer = server.ask("POST", "/v1/search/image", body, {"Content-Type": "multipart/form-data"})
    is_problem(answer, 400, 422)


def test_too_many_bytes_are_refused_whether_announced_or_not(server):
    def announced(value):
        return server.ask("POST", "/v1/search", b"{}", {"Content-Length": value})

    is_problem(announced(str(100 * 2**20)), 413)
    chunks = iter([b"x" * 10**6] * 20 + [b"one too many"])
    is_problem(server.ask("POST", "/v1/search", chunks, {"Content-Type": "application/json"}), 413)


def test_more_values_than_are_read_at_once_are_refused(server):
    def posted(values, kind="application/json"):
        body = b'{"positive": [' + b",".join([b"{}"] * values) + b"]}"
        return server.ask("POST", "/v1/search", body, {"Content-Type": kind})

    is_problem(posted(guard.VALUES), 422)
    is_problem(posted(guard.VALUES + 2), 413)
    body, kind = multipart([("image", "a.jpg", b"," * (guard.VALUES + 2))])
    kind = kind.replace("multipart", "Multipart")
    is_problem(server.ask("POST", "/v1/search/image", body, {"Content-Type": kind}), 422)


MANY = dict.fromkeys(map(str, range(20_000)), ())


@pytest.mark.parametrize(
    ("asked", "body"),
    [
        (SearchRequest, MANY),
        (SearchRequest, {"weights": MANY}),
        (SearchRequest, {"positive": [{"vector": [None] * 20_000}]}),
        (SearchRequest, {"positive": [None] * 20_000}),
        (EmbeddingsRequest, {"input": [{}] * 20_000}),
        (AddUrl, {"url": "", "meta": MANY}),
        (AddJob, {"kind": "add", "images": [{"url": ""}, *[{}] * 20_000]}),
        (Planned, {"stay": [""] * 20_000}),
    ],
)
def test_many_faults_are_not_looked_for_one_by_one(asked, body):
    with pytest.raises(ValidationError) as faults:
        asked.model_validate(body)
    assert faults.value.error_count() < 10


def test_a_client_that_vanishes_costs_nothing(server):
    for _ in range(20):
        with socket.create_connection((server.host, server.port)) as line:
            line.sendall(
                b"POST /v1/search/image HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n"
                b"Content-Type: multipart/form-data; boundary=a\r\n\r\n--a\r\n"
            )
    with socket.create_connection((server.host, server.port)) as line:
        line.sendall(b"GET /v1/spaces HTTP/1.1\r\n\r\n")
        assert b" 400 " in line.recv(4096)
    assert server.search(**GOOD).status == 200


TRAVERSALS = [
    "../../../../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "..%252f..%252fetc/passwd",
    "..\\..\\..\\windows\\win.ini",
    "\\\\host\\share\\a.jpg",
    "/etc/passwd",
    "file:///etc/passwd",
    "hats/../../../etc/passwd",
    "hats/0.png\0.jpg",
    "....//....//etc/passwd",
]


@pytest.mark.parametrize("id_", TRAVERSALS)
@pytest.mark.parametrize("route", ["/v1/image", "/v1/image/thumbnail", "/v1/image/original"])
def test_no_path_leads_out(server, route, id_):
    is_problem(server.get(route, id=id_), 404)
    raw = server.ask("GET", f"{route}/{id_}".replace("\\", "%5c").replace("\0", "%00"))
    is_problem(raw, 404)


def test_a_link_swapped_in_gives_nothing(tmp_path):
    for seed in range(2):
        photo(tmp_path / "in" / f"{seed}.png", seed)
    secret = tmp_path / "secret.png"
    picture(99).save(secret)
    from shell import index

    index(tmp_path, "in")
    with served(tmp_path) as server:
        assert server.get("/v1/image/original", id="0.png").status == 200
        (tmp_path / "in" / "0.png").unlink()
        (tmp_path / "in" / "0.png").symlink_to(secret)
        (tmp_path / "in" / "1.png").unlink()
        os.mkfifo(tmp_path / "in" / "1.png")
        for id_ in ("0.png", "1.png"):
            for route in ("original", "thumbnail"):
                is_problem(server.get(f"/v1/image/{route}", id=id_), 404)
        (tmp_path / "in" / "1.png").unlink()
        is_problem(server.get("/v1/image/original", id="1.png"), 404)
        cut = {"id": "0.png", "crop": [0, 0, 0.5, 0.5]}
        is_problem(server.search(positive=[cut]), 422)


def test_other_routes_methods_and_parameters(server):
    is_problem(server.get("/nowhere"), 404)
    is_problem(server.ask("DELETE", "/v1/search"), 405)
    is_problem(server.ask("BREW", "/v1/search"), 405)
    is_problem(server.get("/v1/images", count=10**6), 422)
    is_problem(server.get("/v1/images", offset=3), 422)
    is_problem(server.get("/v1/image"), 422)


WRONG_READS = [
    ("/v1/facets", {"where": "label = = 3"}, 422),
    ("/v1/facets", {"columns": "../../etc/passwd"}, 422),
    ("/v1/facets", {"where": "(" * 3000}, 422),
    ("/v1/map", {"space": "none"}, 422),
    ("/v1/map", {"colour": "none", "where": "x" * 5000}, 422),
    ("/v1/rejects", {"count": 10**9}, 422),
    ("/v1/rejects", {"after": "a\0b", "folder": "/"}, 422),
    ("/v1/cluster", {}, 422),
    ("/v1/cluster", {"name": "a\0b"}, 404),
    ("/v1/duplicates", {"offset": -1}, 422),
    ("/v1/jobs/../../etc/passwd", {}, 404),
    ("/v1/jobs/0123456789abcdeg", {}, 422),
    ("/v1/jobs/0123456789abcdef/events", {}, 404),
    ("/v1/libraries/..%2f..%2fetc/passwd", {}, 404),
    ("/v1/libraries/none/images", {}, 404),
]
WRONG_WRITES = [
    ("/v1/jobs", {"kind": "add", "images": [{"url": "file:///etc/passwd"}]}, 422),
    ("/v1/jobs", {"kind": "add", "images": [{"path": "/etc/passwd"}]}, 422),
    ("/v1/jobs", {"kind": "index", "where": "/"}, 422),
    ("/v1/jobs", [], 422),
    ("/v1/duplicates/apply", {"plan": "/etc/passwd"}, 422),
    ("/v1/duplicates/apply", {"digest": "../" * 21 + "a"}, 422),
    ("/v1/duplicates/decisions", {"verdict": "keep-both", "ids": ["hats/0.png"]}, 422),
    ("/v1/duplicates/decisions", {"verdict": "keep-both", "ids": ["hats/0.png", "none"]}, 404),
    ("/v1/duplicates/plan", {"keep": "/etc/passwd"}, 422),
    ("/v1/embeddings", {"input": [{"id": "../../etc/passwd"}]}, 404),
    ("/v1/embeddings", {"input": ["data:image/svg+xml;base64,PHN2Zy8+"]}, 422),
    ("/v1/embeddings", {"input": [7]}, 422),
]


@pytest.mark.parametrize(("path", "query", "status"), WRONG_READS)
def test_a_wrong_look_at_the_whole_gets_a_sentence(server, path, query, status):
    is_problem(server.get(path, **query), status)


@pytest.mark.parametrize(("path", "body", "status"), WRONG_WRITES)
def test_a_wrong_order_gets_a_sentence(server, path, body, status):
    is_problem(server.send("POST", path, body), status)


def test_an_upload_of_another_type_is_refused(server):
    for path in ("/v1/search/image", "/v1/images", "/v1/jobs/images"):
        is_problem(server.send("POST", path, GOOD), 415, 422)
        text = server.ask("POST", path, b"x", {"Content-Type": "text/plain"})
        is_problem(text, 415, 422)


def test_a_deleted_id_is_gone_everywhere(server):
    data = (bomb.__doc__ or "").encode()
    assert server.upload("/v1/images", [("image", "x", data)]).status == 422
    photo_ = io.BytesIO()
    picture(90).save(photo_, "PNG")
    form = [("image", "../../x.png", photo_.getvalue()), ("id", None, b"../../../gone")]
    assert server.upload("/v1/images", form).status == 201
    assert server.get("/v1/image/original", id="../../../gone").body == photo_.getvalue()
    assert server.ask("DELETE", "/v1/image", id="../../../gone").status == 204
    for route in ("", "/thumbnail", "/original"):
        is_problem(server.get(f"/v1/image{route}", id="../../../gone"), 404)
    is_problem(server.ask("DELETE", "/v1/image", id="../../../gone"), 404)
    is_problem(server.search(positive=[{"id": "../../../gone"}]), 404)


def test_a_client_that_vanishes_while_it_listens_is_forgotten(server):
    job = server.send("POST", "/v1/jobs", {"kind": "duplicates", "level": "bytes"}).json
    for _ in range(80):  # more than may listen at once
        with socket.create_connection((server.host, server.port)) as line:
            line.sendall(
                f"GET /v1/jobs/{job['id']}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
            )
            assert b" 200 " in line.recv(4096)
    assert b"event: end" in server.get(f"/v1/jobs/{job['id']}/events").body


def test_every_answer_has_the_headers_that_keep_browsers_safe(server):
    for answer in (server.get("/healthz"), server.get("/nowhere"), server.search(**GOOD)):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "access-control-allow-origin" not in answer.headers
        assert "server" not in answer.headers


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "["])
def test_another_host_is_refused(server, host):
    is_problem(server.ask("GET", "/v1/spaces", headers={"Host": host}), 400)


def test_a_page_from_elsewhere_may_not_post(server):
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        is_problem(server.send("POST", "/v1/search", GOOD, **headers), 403)
        is_problem(server.send("POST", "/v1/jobs", {"kind": "map"}, **headers), 403)
        is_problem(server.ask("POST", "/v1/duplicates/undo", b"", headers), 403)
        is_problem(server.ask("DELETE", "/v1/image?id=hats/0.png", b"", headers), 403)
    own = {"Origin": f"http://{server.host}:{server.port}"}
    assert server.send("POST", "/v1/search", GOOD, **own).status == 200


def test_keys_have_scopes_and_rates(album):
    reading, writing = "read-secret-000001", "write-secret-00001"
    with served(
        album,
        "--api-key",
        f"read:{reading}",
        "--api-key",
        writing,
        "--rate",
        "100",
        "--host",
        "0.0.0.0",
    ) as server:
        object.__setattr__(server, "host", "127.0.0.1")

        def ask(key, method="GET", path="/v1/spaces"):
            return server.ask(
                method, path, headers={"Authorization": f"Bearer {key}"} if key else {}
            )

        assert server.get("/healthz").status == 200
        for wrong in ("", "x", reading[:-1], f"read:{reading}", "\xff"):
            answer = ask(wrong)
            is_problem(answer, 401)
            assert answer.headers["www-authenticate"] == "Bearer"
        assert ask(reading).status == 200
        assert server.ask("GET", "/v1/spaces", headers={"X-API-Key": writing}).status == 200
        is_problem(ask(reading, "DELETE", "/v1/image?id=x"), 403)
        is_problem(ask(reading, "POST", "/v1/duplicates/undo"), 403)
        is_problem(ask(reading, "POST", "/v1/libraries/x/jobs"), 403)
        is_problem(ask(reading, "POST", "/v1/libraries/x/embeddings"), 404, 422)
        answers = [ask(reading) for _ in range(15)]
        assert answers[0].status == 200
        is_problem(answers[-1], 429)
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert ask(writing).status == 200


def test_an_open_address_takes_a_key(album):
    from shell import run

    done = run(album, "serve", "--host", "0.0.0.0", "--port", "0")
    assert (done.code, "--api-key" in done.err) == (2, True)
    done = run(album, "serve", "--api-key", "short")
    assert (done.code, "at least 16" in done.err) == (2, True)


def test_a_port_that_is_taken_is_named(album, server):
    from shell import run

    done = run(album, "serve", "--port", server.port)
    assert (done.code, "Cannot listen" in done.err) == (2, True)


def test_a_client_that_is_refused_while_it_sends_sees_why(server):
    body = b" " * 6_000_000
    for _ in range(5):
        is_problem(server.ask("POST", "/v1/search", body, {"Host": "evil.example"}), 400)
    is_problem(server.ask("POST", "/v1/jobs", body, {"Origin": "https://evil.example"}), 403)


def test_a_fault_that_is_said_to_be_in_the_log_is_there(caplog):
    answer = of_error(LibraryDamagedError("/srv/photos/.lookalike/library.db cannot be read."))
    assert (answer.status_code, b"log says why" in answer.body) == (503, True)
    assert b"/srv" not in answer.body
    assert "LibraryDamagedError: /srv/photos/.lookalike/library.db cannot be read." in caplog.text
