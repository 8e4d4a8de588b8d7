"""The fetcher against servers and names that mean harm; connections are counted at the socket."""

import asyncio
import gzip
import io
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from lookalike.errors import FetchError
from lookalike.fetch.client import SafeClient, retry_after
from lookalike.fetch.one import fetch_bytes
from lookalike.fetch.policy import FetchPolicy, checked_url
from web import Handler, Request, Web, answer, redirect

GOOD = "good.test"
QUICK = FetchPolicy(seconds=30, allow_hosts=frozenset({GOOD}))
SELF_SIGNED = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgZVI44C75aCGQqGIw
pYgDsF6hieHcuMdYzl/gofyvO62hRANCAAQOuwOt5mfuwwPnqcSMgFlyYKqQZWPx
fCuEbjU5PcIuMf1NI9FV4qQpgNABrMexWDlYsIKWWnB7elZG1tho2C1Q
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBlDCCATugAwIBAgIULBqp363r2z/TO2yQSIil9QpPgRkwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJZ29vZC50ZXN0MCAXDTI2MTEyMjAyMjQzNloYDzIxMjYxMDI5
MDIyNDM2WjAUMRIwEAYDVQQDDAlnb29kLnRlc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQOuwOt5mfuwwPnqcSMgFlyYKqQZWPxfCuEbjU5PcIuMf1NI9FV4qQp
gNABrMexWDlYsIKWWnB7elZG1tho2C1Qo2kwZzAdBgNVHQ4EFgQUPxKbhzW7iJI5
slh45+0hjxQ+7+8wHwYDVR0jBBgwFoAUPxKbhzW7iJI5slh45+0hjxQ+7+8wDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglnb29kLnRlc3QwCgYIKoZIzj0EAwID
RwAwRAIgCIIFv6buWF7aSGKwZszQvyDCu7AqBtu7n8+m11HGNR0CIHdY+OyVqJDt
n72fLn28jOrNAUP/5dhbp/mAW+R6wtNn
-----END CERTIFICATE-----
"""
"""A key and a certificate of a hundred years, made for this test; they guard nothing."""
connects: list[str] = []


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        connects.append(str(arguments[1][0]))


sys.addaudithook(_audit)


@pytest.fixture(autouse=True)
def _count_anew() -> None:
    connects.clear()


def jpeg(size: int = 64) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (size, size), "teal").save(buffer, "JPEG")
    return buffer.getvalue()


def says(*answers: bytes) -> Handler:
    """A server that gives these bytes, then goes on; the last of them from then on."""
    left = list(answers)

    async def handle(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(left.pop(0) if len(left) > 1 else left[0])

    return handle


def local(_: str) -> list[str]:
    return ["127.0.0.1"]


def get(
    url: str, policy: FetchPolicy = QUICK, lookup: Callable[[str], Sequence[str]] = local
) -> bytes:
    async def run() -> bytes:
        async with SafeClient(policy, lookup=lookup) as client:
            return (await client.image(url)).body

    return asyncio.run(run())


def refusal(url: str, policy: FetchPolicy = QUICK, **options: Any) -> FetchError:
    with pytest.raises(FetchError) as caught:
        get(url, policy, **options)
    return caught.value


def test_a_host_that_is_vouched_for_is_fetched() -> None:
    with Web(says(answer(jpeg()))) as web:
        assert get(web.url("/a.jpg", GOOD)) == jpeg()
        assert fetch_bytes(web.url("/a.jpg"), FetchPolicy(allow_private=True)) == jpeg()


def test_it_can_be_waited_for_inside_a_running_loop() -> None:
    async def notebook(url: str) -> bytes:
        return fetch_bytes(url, FetchPolicy(allow_private=True))

    with Web(says(answer(jpeg()))) as web:
        assert asyncio.run(notebook(web.url("/"))) == jpeg()


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "[fe80::1]"],
)
def test_a_literal_address_that_is_not_public_is_never_connected_to(address: str) -> None:
    with Web(says(answer(jpeg()))) as web:
        assert refusal(web.url("/", address)).reason == "forbidden"
        assert (web.connections, connects) == (0, [])


@pytest.mark.parametrize(
    "host", ["127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.0.0.1."]
)
def test_odd_ways_to_write_an_address_lead_nowhere(host: str) -> None:
    def system(name: str) -> list[str]:
        return [str(entry[4][0]) for entry in socket.getaddrinfo(name, None)]

    with Web(says(answer(jpeg()))) as web:
        assert refusal(web.url("/", host), lookup=system).reason in {"forbidden", "bad-url", "dns"}
        assert (web.connections, connects) == (0, [])


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["93.184.216.34", "127.0.0.1"],
        ["127.0.0.1", "93.184.216.34"],
        ["::1"],
        ["2606:4700::1", "::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
    ],
)
def test_a_name_with_an_address_that_is_not_public_is_refused(addresses: list[str]) -> None:
    with Web(says(answer(jpeg()))) as web:
        error = refusal(web.url("/", "evil.test"), lookup=lambda _: addresses)
        assert error.reason == "forbidden"
        assert (web.connections, connects) == (0, [])


@pytest.mark.parametrize("kept", [0.0, 300.0])
def test_a_name_that_changes_its_answer_is_never_followed_inside(kept: float) -> None:
    answers = [["203.0.113.1"], ["127.0.0.1"]] * 10  # neither is public, and both are asked

    async def run(url: str) -> list[str]:
        lookup = iter(answers)
        async with SafeClient(QUICK, lookup=lambda _: next(lookup), keep=kept) as client:
            reasons = []
            for _ in range(6):
                with pytest.raises(FetchError) as caught:
                    await client.image(url)
                reasons.append(caught.value.reason)
            return reasons

    with Web(says(answer(jpeg()))) as web:
        assert asyncio.run(run(web.url("/", "rebind.test"))) == ["forbidden"] * 6
        assert (web.connections, connects) == (0, [])


def test_the_address_that_was_checked_is_the_one_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Public when it is checked, another at any later lookup: there must be no later one."""
    lookups: list[str] = []

    def rebinding(name: str) -> list[str]:
        lookups.append(name)
        return ["127.0.0.2" if len(lookups) == 1 else "127.0.0.1"]

    def only_one(address: str) -> str | None:
        return None if address == "127.0.0.2" else "not the one"

    monkeypatch.setattr("lookalike.fetch.names.why_not_public", only_one)
    monkeypatch.setattr("lookalike.fetch.client.why_not_public", only_one)
    with Web(says(answer(jpeg())), ("127.0.0.1", "127.0.0.2")) as web:
        assert get(web.url("/", "rebind.test"), lookup=rebinding) == jpeg()
    assert lookups == ["rebind.test"]
    assert connects == ["127.0.0.2"]


@pytest.mark.parametrize(
    "place",
    [
        "http://127.0.0.1:{port}/",
        "//127.0.0.1:{port}/",
        "http://evil.test:{port}/",
        "http://[::1]/",
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_inside_is_refused(place: str, status: int) -> None:
    with Web(says(answer(jpeg()))) as inside:
        there = redirect(place.format(port=inside.port), status)
        with Web(says(there)) as web:
            assert refusal(web.url("/", GOOD)).reason == "forbidden"
            assert (web.connections, inside.connections) == (1, 0)


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("file:///etc/passwd", "bad-url"),
        ("javascript:alert(1)", "bad-url"),
        ("data:image/png;base64,AAAA", "bad-url"),
        ("ftp://good.test/a.jpg", "bad-url"),
        ("http://user:secret@good.test/", "bad-url"),
        ("http:///a.jpg", "bad-url"),
        ("http://good.test\\@127.0.0.1/", "bad-url"),
        ("http://other.test:22/", "forbidden"),
        ("http://x.test:70000/", "bad-url"),
        ("http://[fe80::1%25eth0]/", "bad-url"),
        ("", "bad-url"),
        ("a.jpg", "bad-url"),
        ("http://" + "a" * 9000, "bad-url"),
    ],
)
def test_urls_that_are_not_taken(place: str, reason: str) -> None:
    with pytest.raises(FetchError) as caught:
        checked_url(place, QUICK)
    assert caught.value.reason == reason
    assert "secret" not in str(caught.value)
    if 0 < len(place) < 100 and ":" in place and "///a" not in place:  # a browser joins that
        with Web(says(redirect(place))) as web:
            assert refusal(web.url("/", GOOD)).reason == reason


def test_what_needs_no_quoting_is_asked_as_it_is_written() -> None:
    seen = []

    async def handle(request: Request, writer: asyncio.StreamWriter) -> None:
        seen.append(request.path)
        writer.write(answer(jpeg()))

    with Web(handle) as web:
        get(web.url("/a%2Fb%2bc?sig=%2B/=%20&x=1", GOOD))
        get(web.url("/ü b.jpg", "GOOD.test"))
    assert seen == ["/a%2Fb%2bc?sig=%2B/=%20&x=1", "/%C3%BC%20b.jpg"]


def test_three_redirects_are_followed_and_no_more() -> None:
    hops = [redirect("/1"), redirect("/2"), redirect("/3")]
    with Web(says(*hops, answer(jpeg()))) as web:
        assert get(web.url("/", GOOD)) == jpeg()
    with Web(says(redirect("/again"))) as web:
        assert refusal(web.url("/", GOOD)).reason == "redirects"
        assert sum(web.asked.values()) == 4


def test_an_endless_body_is_cut_off() -> None:
    async def endless(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + jpeg())
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    with Web(endless) as web:
        policy = FetchPolicy(size=2_000_000, allow_private=True)
        assert refusal(web.url("/"), policy).reason == "too-large"


def test_an_announced_length_above_the_limit_is_not_waited_for() -> None:
    with Web(says(answer(jpeg(), length=10 * 2**30))) as web:
        began = time.monotonic()
        assert refusal(web.url("/", GOOD)).reason == "too-large"
        assert time.monotonic() - began < QUICK.seconds


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\n\r\n\xff\xd8\xff"])
def test_a_slow_drip_ends_in_time(first: bytes) -> None:
    async def drip(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(first or b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    with Web(drip) as web:
        began = time.monotonic()
        error = refusal(web.url("/"), FetchPolicy(seconds=0.6, allow_private=True))
        assert (error.reason, error.transient) == ("timeout", True)
        assert time.monotonic() - began < 10


def test_silence_and_slow_names_end_in_time() -> None:
    async def hang(_: Request, __: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    enough = threading.Event()

    def slow(_: str) -> list[str]:
        enough.wait(60)
        return []

    began = time.monotonic()
    policy = FetchPolicy(seconds=0.4, allow_private=True)
    with Web(hang) as web:
        assert refusal(web.url("/"), policy).reason == "timeout"
    assert refusal("http://slow.test/", policy, lookup=slow).reason == "timeout"
    enough.set()
    assert time.monotonic() - began < 10


def test_lying_lengths_and_cut_answers_are_told() -> None:
    whole = answer(jpeg(), length=len(jpeg()) + 100)

    async def cut(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(whole)
        writer.close()

    with Web(cut) as web:
        error = refusal(web.url("/", GOOD))
        assert (error.reason, error.transient) == ("truncated", True)


def test_what_is_no_image_is_not_read_to_its_end() -> None:
    async def page(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n<!doctype html><html>")
        await writer.drain()
        await asyncio.sleep(60)

    with Web(page) as web:
        began = time.monotonic()
        assert refusal(web.url("/", GOOD)).reason == "not-an-image"
        assert time.monotonic() - began < QUICK.seconds
    with Web(says(answer(b""))) as web:
        assert refusal(web.url("/", GOOD)).reason == "empty"


def test_packed_answers_are_unpacked_within_the_limit() -> None:
    seen = []
    packed = {"/good": gzip.compress(jpeg()), "/bomb": gzip.compress(jpeg() + bytes(10**8))}

    async def handle(request: Request, writer: asyncio.StreamWriter) -> None:
        seen.append(request.headers["accept-encoding"])
        writer.write(answer(packed[request.path], Content_Encoding="gzip"))

    with Web(handle) as web:
        assert get(web.url("/good", GOOD)) == jpeg()
        assert refusal(web.url("/bomb", GOOD)).reason == "too-large"
    with Web(says(answer(b"\0" * 100, Content_Encoding="gzip"))) as web:
        assert refusal(web.url("/", GOOD)).reason == "truncated"
    with Web(says(answer(b"\0" * 100, Content_Encoding="br"))) as web:
        assert refusal(web.url("/", GOOD)).reason == "protocol"
    assert set(seen) == {"identity"}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"nonsense\r\n\r\n", "protocol"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "protocol"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 10**6 + b"\r\n\r\n", "protocol"),
        (answer(status=302), "protocol"),
        (answer(status=204), "http"),
        (answer(b"gone", 404), "http"),
        (answer(b"busy", 503, Retry_After="7"), "http"),
    ],
)
def test_answers_that_are_no_image(raw: bytes, reason: str) -> None:
    with Web(says(raw)) as web:
        error = refusal(web.url("/", GOOD))
        assert error.reason == reason
        assert error.transient == (b"503" in raw[:20])
        assert error.retry_after == (7 if b"503" in raw[:20] else None)


def test_a_proxy_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with Web(says(answer(jpeg()))) as web, Web(says(answer(jpeg()))) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url(""))
        get(web.url("/", GOOD))
        assert (web.connections, proxy.connections) == (1, 0)


def test_a_certificate_that_nobody_signed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "server.pem").write_text(SELF_SIGNED)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / "server.pem")
    with Web(says(answer(jpeg())), tls=tls) as web:
        assert refusal(f"https://{GOOD}:{web.port}/").reason == "tls"
        assert sum(web.asked.values()) == 0


def test_retry_after_is_seconds_or_a_date() -> None:
    assert retry_after("120") == 120
    assert retry_after("-3") == 0
    assert retry_after("nan") is None
    assert retry_after("soon") is None
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert (retry_after("Wed, 21 Oct 2099 07:28:00 GMT") or 0) > 10**8
