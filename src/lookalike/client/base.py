"""What every part of the client asks through."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from lookalike.client.transport import Request, Transport


class Base:
    """A service, and the library of it that is meant."""

    def __init__(self, transport: Transport, library: str | None) -> None:
        self._transport = transport
        self._below = "/v1" if library is None else f"/v1/libraries/{quote(library, safe='')}"

    def _v1(self, path: str) -> str:
        return self._below + path

    def _json(self, request: Request) -> Any:
        body = self._transport.send(request)
        try:
            answer = json.loads(body)
        except ValueError as error:
            raise self._transport.strange("does not answer with JSON") from error
        if not isinstance(answer, dict):
            raise self._transport.strange("does not answer with an object")
        return answer
