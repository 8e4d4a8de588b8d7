"""Who sends nothing, sends half or does not read what is answered takes the place of nobody."""

import asyncio
import json
import socket
import threading
import time
from contextlib import ExitStack, contextmanager, suppress

import pytest
import uvicorn

from lookalike.api import connections
from lookalike.api.connections import Connection

LARGE = 12 * 2**20
HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
LAST = HEAD[:-2] + b"Connection: close\r\n\r\n"


async def app(scope, receive, send):
    large = scope["path"] == "/large"
    if scope["path"] == "/slow":
        await asyncio.sleep(0.6)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x" * (LARGE if large else 1)})


async def reading(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await app({**scope, "path": "/"}, receive, send)


@contextmanager
def listening(most=1000, patience=30, app=app):
    """A server in a thread: its port, and what it knows of its connections."""
    config = uvicorn.Config(
        app,
        port=0,
        http=Connection,
        ws="none",
        lifespan="off",
        log_level="critical",
        limit_concurrency=most,
        timeout_keep_alive=patience,
        h11_max_incomplete_event_size=connections.HEAD,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        _until(lambda: server.started)
        yield server.servers[0].sockets[0].getsockname()[1], server.server_state
    finally:
        server.should_exit = server.force_exit = True
        thread.join(60)
        assert not thread.is_alive()


def _until(true, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def connected(port):
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def asked(port, sent=LAST):
    with connected(port) as line:
        line.sendall(sent)
        return b"".join(iter(lambda: line.recv(65536), b""))


def test_those_who_ask_nothing_make_room_for_who_asks():
    with listening(most=20) as (port, state), ExitStack() as stack:
        for place in range(60):
            line = stack.enter_context(connected(port))
            line.sendall(HEAD[: place % 20])
        assert asked(port).startswith(b"HTTP/1.1 200")
        assert len(state.connections) <= 20


def test_where_all_are_being_answered_one_more_is_told_to_come_again():
    with listening(most=3) as (port, state), ExitStack() as stack:
        slow = [stack.enter_context(connected(port)) for _ in range(3)]
        for line in slow:
            line.sendall(HEAD.replace(b"/ ", b"/slow "))
        _until(lambda: len(state.tasks) == 3)
        head, _, body = asked(port).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503")
        assert b"retry-after: 1" in head.lower()
        assert json.loads(body)["status"] == 503
        assert all(line.recv(100).startswith(b"HTTP/1.1 200") for line in slow)


@pytest.mark.parametrize("sent", [b"", HEAD[:9], HEAD + HEAD[:9]])
def test_half_a_head_is_not_waited_for_without_end(sent):
    with listening(patience=0.3) as (port, state), connected(port) as line:
        line.sendall(sent)
        while line.recv(4096):
            pass
        _until(lambda: not state.connections)


def test_half_a_body_does_not_hold_a_server_up_that_stops(monkeypatch):
    monkeypatch.setattr(connections, "FINISHING", 0.2)
    with listening(app=reading) as (port, state), connected(port) as line:
        line.sendall(HEAD[:-2].replace(b"GET", b"POST") + b"Content-Length: 9\r\n\r\nhalf")
        _until(lambda: state.tasks)
        for one in list(state.connections):
            one.loop.call_soon_threadsafe(one.shutdown)
        with suppress(ConnectionResetError):
            assert line.recv(100) == b""
        _until(lambda: not state.tasks and not state.connections)


def test_a_body_that_comes_slowly_is_not_cut_by_the_wait_for_a_head():
    with listening(patience=0.3) as (port, _), connected(port) as line:
        line.sendall(HEAD.replace(b"/ ", b"/slow "))
        assert line.recv(100).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("sent", [b"/large ", b"/ "])
def test_who_does_not_read_is_let_go(monkeypatch, sent):
    monkeypatch.setattr(connections, "STALLED", 0.2)
    with listening(patience=0.3) as (port, state), socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", port))
        line.sendall(HEAD.replace(b"/ ", sent))
        _until(lambda: state.total_requests == 1)
        _until(lambda: not state.connections)


def test_who_reads_slowly_gets_all(monkeypatch):
    monkeypatch.setattr(connections, "STALLED", 1)
    with listening(patience=0.3) as (port, _), socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        line.connect(("127.0.0.1", port))
        line.sendall(HEAD.replace(b"/ ", b"/large "))
        read, began = 0, time.monotonic()
        while data := line.recv(400_000):
            read += len(data)
            if time.monotonic() - began < 1.2:
                time.sleep(0.02)
        assert read > LARGE


WRONG = {
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "two lengths": HEAD[:-2] + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "a length below nothing": HEAD[:-2] + b"Content-Length: -1\r\n\r\n",
    "a length of 5000 digits": HEAD[:-2] + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
    "a head without end": HEAD[:-2] + b"X: " + b"a" * 66_000,
    "another coding": HEAD[:-2] + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_http_is_answered_as_a_problem(name):
    with listening() as (port, _):
        head, _, body = asked(port, WRONG[name]).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert b"application/problem+json" in head
    assert json.loads(body)["detail"].startswith("This cannot be read as HTTP/1.1")
