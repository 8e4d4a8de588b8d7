"""Starts the real server in a process of its own and asks it things over a socket."""

import http.client
import json
import re
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from shell import start

ADDRESS = re.compile(rb"on http://([\d.]+):(\d+)")
PROBLEM = "application/problem+json"


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Served:
    """A running server."""

    host: str
    port: int
    process: "subprocess.Popen[bytes]"

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = {},
        **query: Any,
    ) -> Answer:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            place = path + ("?" + urlencode(query) if query else "")
            connection.request(method, place, body, dict(headers))
            answer = connection.getresponse()
            data = answer.read()
            return Answer(answer.status, {k.lower(): v for k, v in answer.headers.items()}, data)
        finally:
            connection.close()

    def get(self, path: str, **query: Any) -> Answer:
        return self.ask("GET", path, **query)

    def send(self, method: str, path: str, data: Any, **headers: str) -> Answer:
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        return self.ask(method, path, body, {"Content-Type": "application/json"} | headers)

    def search(self, **question: Any) -> Answer:
        return self.send("POST", "/v1/search", question)

    def upload(self, path: str, parts: list[tuple[str, str | None, bytes]]) -> Answer:
        body, kind = multipart(parts)
        return self.ask("POST", path, body, {"Content-Type": kind})


def multipart(parts: list[tuple[str, str | None, bytes]]) -> tuple[bytes, str]:
    """(field, file name or None, bytes) as a body and its content type."""
    edge = uuid.uuid4().hex
    body = b""
    for field, name, data in parts:
        file = "" if name is None else f'; filename="{name}"\r\nContent-Type: image/jpeg'
        head = f'--{edge}\r\nContent-Disposition: form-data; name="{field}"{file}\r\n\r\n'
        body += head.encode() + data + b"\r\n"
    return body + f"--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"


@contextmanager
def served(folder: Path, *options: object, variables: Mapping[str, str] = {}) -> Iterator[Served]:
    """`lookalike serve` on a free port, when it is ready; stopped at the end."""
    process = start(folder, "serve", "--port", 0, *options, variables=variables)
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = ADDRESS.search(line)
        assert found, line + process.stderr.read()
        server = Served(found[1].decode(), int(found[2]), process)
        until = time.monotonic() + 60
        while server.get("/readyz").status != 200:
            assert time.monotonic() < until
            time.sleep(0.05)
        yield server
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
