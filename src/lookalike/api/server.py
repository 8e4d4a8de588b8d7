"""Runs the app on a socket until it is told to stop; what is under way is finished first."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from types import FrameType

import uvicorn
from fastapi import FastAPI

from lookalike.api.connections import ARRIVING, HEAD, PATIENCE, Connection, connections_for
from lookalike.api.service import Service
from lookalike.api.settings import ServeSettings
from lookalike.errors import UsageError

FINISH_SECONDS = 15


def bound(settings: ServeSettings) -> closing[socket.socket]:
    """A socket that listens where the settings say. Raises `UsageError` where it cannot."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise UsageError(
            f"There is no address {settings.host!r} here: {error.strerror}."
        ) from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise UsageError(
            f"Cannot listen on {settings.host} port {settings.port}: {error.strerror}. "
            "Another --port may be free; 0 takes one that is."
        ) from error
    return closing(listening)


class _Server(uvicorn.Server):
    """Stops at a signal, and does not die of it afterwards; jobs and their listeners end."""

    def __init__(self, config: uvicorn.Config, services: Sequence[Service]) -> None:
        super().__init__(config)
        self._services = services

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """What is done at a signal."""
        for service in self._services:
            service.stop()
        super().handle_exit(sig, frame)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        heard = (signal.SIGINT, signal.SIGTERM)
        before = [(number, signal.signal(number, self.handle_exit)) for number in heard]
        try:
            yield
        finally:
            for number, handler in before:
                signal.signal(number, handler)


def run_server(app: FastAPI, listening: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM."""
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        limit_concurrency=connections_for(len(app.state.services)),
        backlog=ARRIVING,
        timeout_keep_alive=PATIENCE,
        timeout_graceful_shutdown=FINISH_SECONDS,
        h11_max_incomplete_event_size=HEAD,
    )
    _Server(config, app.state.services).run(sockets=[listening])
