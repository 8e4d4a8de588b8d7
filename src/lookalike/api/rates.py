"""How often each may ask: a bucket of tokens that fills with time."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

REMEMBERED = 10_000


class Rates:
    """`rate` requests a minute for each who asks, a tenth of them at once; 0: any number."""

    def __init__(self, rate: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = rate / 60
        self._most = max(1.0, rate / 10)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, who: str) -> float:
        """Seconds until `who` may ask again; 0 takes a token."""
        if not self._per_second:
            return 0.0
        now = self._clock()
        tokens, then = self._buckets.pop(who, (self._most, now))
        tokens = min(self._most, tokens + (now - then) * self._per_second)
        allowed = tokens >= 1
        self._buckets[who] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - tokens) / self._per_second
