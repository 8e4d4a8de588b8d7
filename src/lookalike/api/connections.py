"""Connections: bounded in number and in patience, and what is no HTTP is answered as a problem."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from lookalike.api.problems import problem

MOST = 1000
ARRIVING = 128
"""Connections taken from the system at once; a few times as many are there before one is let go."""
BESIDE = 300
"""Files that a library has open beside connections: its database for each thread, pipes."""
HEAD = 64 * 1024
"""Bytes of the head of a request."""
PATIENCE = 30
"""Seconds in which the whole head of the next request comes."""
FINISHING = 5
"""Seconds in which the rest of a body comes when the server stops."""
STALLED = 120
"""Seconds without a byte taken of an answer: the system takes a megabyte at once for who reads."""


class Connection(H11Protocol):
    """A connection that is let go when nothing whole comes of it, or its answer is not read.

    One more than `limit_concurrency` takes the place of the one that has asked for nothing for
    longest; where all of them are being answered it gets a 503.
    """

    _watch: asyncio.TimerHandle | None = None
    _waits_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Find a place for a connection, and wait for its first request."""
        super().connection_made(transport)
        self._await_head()
        most, self.limit_concurrency = self.config.limit_concurrency, None  # it is kept here
        if most is None or len(self.connections) <= most:
            return
        waiting = [one for one in self.connections if isinstance(one, Connection) and one._waits]
        if len(waiting) > 1:
            oldest = min(waiting, key=lambda one: one._waits_since)
            self.connections.discard(oldest)
            oldest.transport.abort()
        else:
            self.app = _full

    def data_received(self, data: bytes) -> None:
        """Take what was sent; only a whole head ends the wait for it."""
        self.conn.receive_data(data)
        self.handle_events()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._waits_since = self.loop.time()
        super().on_response_complete()

    def shutdown(self) -> None:
        """Finish what is under way; a body that does not come whole soon holds nobody up."""
        super().shutdown()
        self.loop.call_later(FINISHING, self._let_go_unasked)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that has waited too long, though its last answer be unread."""
        super().timeout_keep_alive_handler()
        self._watch_reader()

    def pause_writing(self) -> None:
        """Begin to watch who does not read."""
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        """Stop watching: what was written was read."""
        super().resume_writing()
        self._unwatch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection and what it waited for."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._unwatch()

    def send_400_response(self, msg: str) -> None:
        """Say as a problem that this is no HTTP, and close."""
        del msg
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            detail = (
                "This cannot be read as HTTP/1.1, or its head has more than "
                f"{HEAD:,} bytes: see the request line, Host and Content-Length."
            )
            refusal = problem(400, detail, {"Connection": "close"})
            head = h11.Response(status_code=400, headers=refusal.raw_headers, reason=b"Bad Request")
            events = (head, h11.Data(bytes(refusal.body)), h11.EndOfMessage())
            self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
        self.transport.close()

    @property
    def _waits(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _await_head(self) -> None:
        self._waits_since = self.loop.time()
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def _let_go_unasked(self) -> None:
        if self.conn.their_state is h11.SEND_BODY:
            self.transport.abort()

    def _watch_reader(self) -> None:
        self._unwatch()
        left = self.transport.get_write_buffer_size()
        if left:
            self._watch = self.loop.call_later(STALLED, self._look_at_reader, left)

    def _look_at_reader(self, before: int) -> None:
        if self.transport.get_write_buffer_size() >= before:
            self.transport.abort()
        else:
            self._watch_reader()

    def _unwatch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None


def connections_for(libraries: int) -> int:
    """How many connections there may be, after asking the system for as many files as they take."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return MOST
    beside = 4 * ARRIVING + BESIDE * libraries
    wanted = MOST + beside
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return MOST
    files = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return max(MOST // 10, files - beside)


async def _full(scope: Scope, receive: Receive, send: Send) -> None:
    """The answer to a connection for which there is no place."""
    headers: dict[str, Any] = {"Retry-After": "1", "Connection": "close"}
    refusal = problem(503, "Too many connections are being answered: ask again in 1 s.", headers)
    await refusal(scope, receive, send)
