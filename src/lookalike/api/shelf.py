"""The libraries under one server, and which of them a path means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from lookalike.types import LIBRARY_NAME

CHOSEN = "lookalike.library"
"""Where a scope says which library its path named."""
_BELOW = re.compile(r"/v1/libraries/([^/]+)(/.+)", re.DOTALL)
_ODD = re.compile(r"[^A-Za-z0-9._-]+")


class Choosing:
    """Lets `/v1/libraries/NAME/...` be answered as `/v1/...` is, by that library."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection of ASGI."""
        found = _BELOW.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if found is not None:
            path = "/v1" + found[2]
            scope = {**scope, "path": path, "raw_path": path.encode(), CHOSEN: found[1]}
        await self._app(scope, receive, send)


def names_of(directories: Iterable[Path]) -> Mapping[str, Path]:
    """A name for each library directory: that of its folder, and never one twice."""
    named: dict[str, Path] = {}
    for directory in directories:
        folder = directory.parent if directory.name == LIBRARY_NAME else directory
        name = plain = _ODD.sub("-", folder.name).strip(".-") or "library"
        number = 1
        while name in named:
            number += 1
            name = f"{plain}-{number}"
        named[name] = directory
    return named
