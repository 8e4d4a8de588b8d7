"""What is no `lookalike serve`, or no address or key of one, is told as an error of the project."""

import socket
import threading

import pytest

from lookalike.client import Client
from lookalike.client.transport import Transport, get
from lookalike.errors import ServerError, UsageError


@pytest.fixture
def stranger():
    """Answers one connection with the given bytes; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def start(answer):
            def once():
                with listening.accept()[0] as line:
                    line.recv(65536)
                    line.sendall(answer)

            threading.Thread(target=once, daemon=True).start()
            return f"http://127.0.0.1:{listening.getsockname()[1]}"

        yield start


ANSWERS = {
    "a page": (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "JSON"),
    "a list": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", "object"),
    "elsewhere": (
        b"HTTP/1.1 301 Moved\r\nLocation: https://a.example/\r\nContent-Length: 0\r\n\r\n",
        "a.example",
    ),
    "half of one": (b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{", "does not answer"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_strange_answer(stranger, name):
    answer, told = ANSWERS[name]
    with Client(stranger(answer), timeout=10) as client, pytest.raises(ServerError, match=told):
        client.health()


def test_a_stream_that_breaks_off(stranger):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ndata\n\r\nff\r\nda"
    lines = Transport(stranger(head), None, 10, 0).lines(get("/v1/jobs/0/events"))
    assert next(lines) == b"data\n"
    with pytest.raises(ServerError, match="does not answer"):
        list(lines)


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "http://127.0.0.1:abc", "127.0.0.1:80"])
def test_an_address_that_cannot_be(url):
    with pytest.raises(UsageError):
        Client(url)


@pytest.mark.parametrize("key", ["a\r\nX: b", "\N{SNOWMAN}"])
def test_a_key_that_cannot_be_sent(key):
    with pytest.raises(UsageError, match="key"):
        Client(key=key)
