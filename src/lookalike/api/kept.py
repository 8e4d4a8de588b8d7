"""What was worked out for an answer, kept for who asks the same of the same library."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import partial
from hashlib import sha256
from typing import Any, TypeVar, cast

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel

from lookalike.api.lanes import Lane

Made = TypeVar("Made")
MOST = 24
BYTES = 64 * 2**20
"""What bodies of answers may take in all."""
JSON = "application/json"


class Kept:
    """The last few things that were made, by a key that says what they were made of."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._turn = threading.Lock()
        self._made: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What was made under that key, or is made now; whatever `make` raises is not kept."""
        with self._turn:
            if key in self._made:
                self._made.move_to_end(key)
                return cast("Made", self._made[key])
        made = make()
        with self._turn:
            self._made[key] = made
            while len(self._made) > 1 and (len(self._made) > self._most or self._bytes > BYTES):
                self._made.popitem(last=False)
        return made

    @property
    def _bytes(self) -> int:
        return sum(len(made) for made in self._made.values() if isinstance(made, bytes))


async def kept_answer(
    request: Request,
    lane: Lane,
    kept: Kept,
    state: Callable[[], str],
    make: Callable[[], BaseModel],
) -> Response:
    """An answer as JSON with an ETag, made once for each URL and state of the library."""
    return await lane.run(partial(_answer, request, kept, state, make))


def _answer(
    request: Request, kept: Kept, state: Callable[[], str], make: Callable[[], BaseModel]
) -> Response:
    asked = (state(), request.url.path, request.url.query)
    tag = f'"{sha256(repr(asked).encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    body = kept.get(tag, lambda: make().model_dump_json().encode())
    return Response(body, media_type=JSON, headers=headers)
