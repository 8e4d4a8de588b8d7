"""Sends a space to a server, pass after pass, until the server has all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lookalike.index.remote.mirror import Mirror, MirrorColumn, OnStep, Published, Rows, of_kind
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Keys, Stop

_AT_ONCE = 1_000


class Sender:
    """Passes over the library: what was lost since the last one goes out, what changed goes in."""

    def __init__(
        self, store: Store, space: Space, mirror: Mirror, on_step: OnStep, stop: Stop
    ) -> None:
        self._store = store
        self._space = space
        self._mirror = mirror
        self._on_step = on_step
        self._stop = stop
        self.sent = 0
        self.removed = 0
        self.interrupted = False

    def send(self, state: Published, now: int) -> Published:
        """End the pass that was under way, then make one to the data version `now`."""
        if state.target:
            state = self._pass(state)
        if self.interrupted or state.version == now:
            return state
        return self._pass(replace(state, target=now, target_token=self._store.token(now)))

    def _pass(self, state: Published) -> Published:
        since = state.version
        if since:
            lost = self._store.lost_since(self._space, since)
            self._mirror.remove(lost)
            self.removed += len(lost)
        keys = self._store.changed_since(self._space, since)
        first = int(np.searchsorted(keys, state.after, side="right"))
        for start in range(first, len(keys), _AT_ONCE):
            if self._stop():
                self.interrupted = True
                return state
            some = keys[start : start + _AT_ONCE]
            state = replace(state, after=int(some[-1]))
            self._mirror.put(self._rows(some, state.columns), state)
            self.sent += len(some)
            self._on_step("sending", min(start + _AT_ONCE, len(keys)), len(keys))
        state = state.done()
        self._mirror.keep(state)
        return state

    def _rows(self, keys: Keys, columns: Sequence[MirrorColumn]) -> Rows:
        known = self._store.known_rows(self._space, keys, [column.field for column in columns])
        values = [
            [of_kind(value, column.kind) for value in told]
            for column, told in zip(columns, known.values, strict=True)
        ]
        return Rows(known.keys, known.vectors, values)
