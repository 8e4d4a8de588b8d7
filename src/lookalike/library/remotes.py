"""The servers that a library is asked on: connected once, asked for their state each time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lookalike.errors import ServerError
from lookalike.index.remote.address import parse_address
from lookalike.library.publishing import open_remote, remote_now
from lookalike.search.remote import Remote
from lookalike.store.records import Space
from lookalike.store.store import Store


class Remotes:
    """Connections by URL and space; one that broke is made anew when it is next wanted."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._opened: dict[tuple[str, int], Remote] = {}
        self._turn = threading.Lock()

    @contextmanager
    def over(self, space: Space, url: str) -> Iterator[Remote]:
        """A space on a server. Raises `ServerError`, `UsageError`, `RecipeMismatchError`."""
        place = (url, space.key)
        with self._turn:
            known = self._opened.get(place)
        try:
            if known is None:
                remote = open_remote(self._store, space, parse_address(url))
            else:
                published = known.mirror.published() or known.published
                remote = remote_now(self._store, known.mirror, published, known.shown)
            with self._turn:
                self._opened[place] = remote
            yield remote
        except ServerError:
            with self._turn:
                broken = self._opened.pop(place, None)
            if broken is not None:
                broken.mirror.close()
            raise

    def close(self) -> None:
        """Let go of all servers."""
        for remote in self._opened.values():
            remote.mirror.close()
        self._opened.clear()
