"""How soon a service shows something, how it ends, and where its settings come from."""

import http.client
import os
import shutil
import signal
import socket
import time
from pathlib import Path

import pytest

from serving import ADDRESS, multipart, served
from shell import start

CPU_SECONDS = 2.5
"""Generous: it takes 0.9 of a quiet core to the first pictures; other programs are in the way."""


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_the_first_pictures_are_there_soon(album):
    process = start(album, "serve", "--port", 0, variables={"PYTHONDONTWRITEBYTECODE": ""})
    try:
        assert process.stderr is not None
        found = ADDRESS.search(process.stderr.readline())
        assert found is not None
        until = time.monotonic() + 60
        connection = http.client.HTTPConnection(found[1].decode(), int(found[2]), timeout=60)
        for path in ("/", "/v1/images?count=8", "/v1/image/thumbnail?id=hats/0.png"):
            while True:
                try:
                    connection.request("GET", path)
                    answer = connection.getresponse()
                    answer.read()
                    break
                except ConnectionRefusedError:
                    assert time.monotonic() < until
                    time.sleep(0.02)
            assert answer.status == 200, path
        assert cpu_seconds(process.pid) < CPU_SECONDS
        connection.close()
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert b"Stopped." in errors


def test_what_is_under_way_is_answered_before_it_ends(album):
    data = (album / "in" / "hats" / "0.png").read_bytes()
    body, kind = multipart([("image", "a.png", data)])
    head = (
        "POST /v1/search/image HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        "Expect: 100-continue\r\n\r\n"
    )
    with served(album) as server:
        with socket.create_connection((server.host, server.port), timeout=30) as slow:
            slow.sendall(head.encode() + body[:100])
            assert slow.recv(65536).startswith(b"HTTP/1.1 100")  # it waits for the rest
            server.process.send_signal(signal.SIGTERM)
            until = time.monotonic() + 30
            while _accepts(server):
                assert time.monotonic() < until
                time.sleep(0.02)
            slow.sendall(body[100:])
            answer = b"".join(iter(lambda: slow.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 200")
        assert server.process.wait(30) == 0


def _accepts(server):
    with socket.socket() as probe:
        return probe.connect_ex((server.host, server.port)) == 0


def test_settings_come_from_a_file_the_environment_and_the_command_line(album, tmp_path):
    shutil.copytree(album / ".lookalike", tmp_path / ".lookalike")
    (tmp_path / "lookalike.yml").write_text(
        "serve: {api-key: [read:a-key-from-the-file], max-mb: 1, rate: 5, host: 127.0.0.2}\n"
    )
    key = "a-key-from-the-environment"
    variables = {"LOOKALIKE_SERVE_API_KEY": key, "LOOKALIKE_SERVE_RATE": "0"}
    with served(tmp_path, "--host", "127.0.0.1", variables=variables) as server:
        assert server.host == "127.0.0.1"
        of_file = {"X-API-Key": "a-key-from-the-file"}
        of_environment = {"X-API-Key": key}
        assert server.ask("GET", "/v1/spaces", headers=of_file).status == 401
        for _ in range(8):
            assert server.ask("GET", "/v1/spaces", headers=of_environment).status == 200
        large = server.ask("POST", "/v1/search", b" " * 1_200_000, of_environment)
        assert large.status == 413
