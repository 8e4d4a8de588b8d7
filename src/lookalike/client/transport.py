"""One request and its answer over kept connections; asks again when the service is busy."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from secrets import token_hex
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode, urlsplit

from lookalike.client.problems import error_of
from lookalike.errors import ServerError, UsageError

Fields: TypeAlias = Mapping[str, Any]
Files: TypeAlias = Sequence[tuple[str, bytes]]
JSON = "application/json"


@dataclass(frozen=True)
class Request:
    """What is asked. `safe`: it changes nothing, so it may be sent twice."""

    method: str
    path: str
    body: bytes | None = None
    kind: str = ""
    safe: bool = True


class Transport:
    """Sends requests to one service, from any number of threads.

    A 503 is asked again after its Retry-After, `retries` times at most: the service says it
    before it begins anything. Raises the errors of `lookalike.errors`, and `ServerError` where
    nothing answers within `timeout` seconds.
    """

    def __init__(self, url: str, key: str | None, timeout: float, retries: int) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UsageError(f"The URL of a service begins with http:// or https://; not {url!r}.")
        self._url, self._prefix = url, parts.path.rstrip("/")
        try:
            port = parts.port
        except ValueError as error:
            raise UsageError(f"{url!r} has no port that can be: {error}.") from error
        if key is not None and not (key.isascii() and key.isprintable()):
            raise UsageError("A key is made of letters, digits and signs, on one line.")
        self._secure, self._host, self._port = parts.scheme == "https", parts.hostname, port
        self._timeout, self._retries = timeout, retries
        self._headers = {"Accept": f"{JSON}, */*"}
        if key is not None:
            self._headers["Authorization"] = f"Bearer {key}"
        self._idle: SimpleQueue[http.client.HTTPConnection] = SimpleQueue()

    def send(self, request: Request) -> bytes:
        """The body of the answer."""
        for left in range(self._retries, -1, -1):
            with self._answer(request) as answer:
                body = self._read(answer)
                if answer.status < 300:
                    return body
                if answer.status < 400:
                    raise self.strange(f"leads on to {answer.headers.get('location')!r}")
                wait = answer.headers.get("retry-after", "")
                if answer.status != 503 or not left or not wait.isdecimal():
                    headers = {name.lower(): value for name, value in answer.headers.items()}
                    raise error_of(answer.status, headers, body)
            time.sleep(min(float(wait), self._timeout))
        raise AssertionError("unreachable")

    def lines(self, request: Request) -> Iterator[bytes]:
        """The lines of an answer that comes little by little."""
        with self._answer(request) as answer:
            if answer.status >= 400:
                raise error_of(answer.status, {}, self._read(answer))
            while line := self._line(answer):
                yield line

    def strange(self, what: str) -> ServerError:
        """The error for an answer that is none of this service."""
        return ServerError(f"{self._url} {what}: is that the address of a `lookalike serve`?")

    def close(self) -> None:
        """Close the connections that are kept."""
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    @contextmanager
    def _answer(self, request: Request) -> Iterator[http.client.HTTPResponse]:
        connection, answer = self._asked(request)
        try:
            yield answer
        except BaseException:
            connection.close()
            raise
        if answer.isclosed() and not answer.will_close:
            self._idle.put(connection)
        else:
            connection.close()

    def _asked(
        self, request: Request
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        headers = dict(self._headers)
        if request.kind:
            headers["Content-Type"] = request.kind
        while True:
            connection, kept = self._connection()
            try:
                connection.request(
                    request.method, self._prefix + request.path, request.body, headers
                )
                return connection, connection.getresponse()
            except (http.client.HTTPException, OSError) as error:
                connection.close()
                if not (kept and request.safe and not isinstance(error, TimeoutError)):
                    raise self._failed(error) from error

    def _connection(self) -> tuple[http.client.HTTPConnection, bool]:
        """A connection, and whether it was kept: the service may have closed that meanwhile."""
        try:
            return self._idle.get_nowait(), True
        except Empty:
            make = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
            return make(self._host, self._port, timeout=self._timeout), False

    def _read(self, answer: http.client.HTTPResponse) -> bytes:
        try:
            return answer.read()
        except (http.client.HTTPException, OSError) as error:
            raise self._failed(error) from error

    def _line(self, answer: http.client.HTTPResponse) -> bytes:
        try:
            return answer.readline()
        except (http.client.HTTPException, OSError) as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> ServerError:
        if isinstance(error, TimeoutError):
            return ServerError(f"{self._url} did not answer within {self._timeout:g} s.")
        why = str(error) or type(error).__name__
        return ServerError(f"{self._url} does not answer: {why}. Does `lookalike serve` run there?")


def get(path: str, query: Fields | None = None) -> Request:
    """A question; what is None is left out."""
    return Request("GET", _with_query(path, query))


def send_json(
    method: str, path: str, body: Any, query: Fields | None = None, *, safe: bool = False
) -> Request:
    """JSON under a path."""
    return Request(method, _with_query(path, query), json.dumps(body).encode(), JSON, safe)


def send_form(path: str, files: Files, fields: Fields, *, safe: bool = False) -> Request:
    """Image files (name, bytes) and what is said of them, as a form; what is None is left out."""
    edge = token_hex(16)
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in plain(fields).items()
    ]
    for name, data in files:
        head = f'--{edge}\r\nContent-Disposition: form-data; name="image"; filename="{quote(name)}"'
        parts += [f"{head}\r\nContent-Type: application/octet-stream\r\n\r\n".encode(), data]
        parts.append(b"\r\n")
    parts.append(f"--{edge}--\r\n".encode())
    return Request("POST", path, b"".join(parts), f"multipart/form-data; boundary={edge}", safe)


def plain(fields: Fields) -> dict[str, Any]:
    """Fields of a form or a query: without what is None, truth in JSON's words."""
    said = {name: value for name, value in fields.items() if value is not None}
    return {k: str(v).lower() if isinstance(v, bool) else v for k, v in said.items()}


def _with_query(path: str, query: Fields | None) -> str:
    pairs: list[tuple[str, Any]] = []
    for name, value in plain(query or {}).items():
        several = isinstance(value, Iterable) and not isinstance(value, str)
        pairs += [(name, one) for one in value] if several else [(name, value)]
    return path + ("?" + urlencode(pairs) if pairs else "")
