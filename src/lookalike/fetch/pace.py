"""How hard servers are asked: how many at once, how often, and how long to wait after a no."""

from __future__ import annotations

import random
from dataclasses import dataclass

from lookalike.errors import FetchError, UsageError

LONGEST_WAIT = 60.0
LONGEST_ASKED = 300.0
"""A server that asks for more seconds than this is not waited for in this run."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Limits of a run; raises `UsageError` for what cannot be.

    `at_once` downloads in all, `host_connections` of them at one host, where at most
    `host_rate` are begun a second (0: any number). What failed for a passing reason is tried
    `retries` times again, the first time after about `first_wait` seconds. `robots` honours
    robots.txt and X-Robots-Tag.
    """

    at_once: int = 256
    host_connections: int = 8
    host_rate: float = 20.0
    retries: int = 3
    first_wait: float = 1.0
    robots: bool = True

    def __post_init__(self) -> None:
        if self.at_once < 1 or self.host_connections < 1:
            raise UsageError("--at-once and --host-connections are at least 1.")
        if self.host_rate < 0 or self.retries < 0:
            raise UsageError("--host-rate and --retries are not below 0.")

    @property
    def interval(self) -> float:
        """Seconds between two requests to one host."""
        return 1.0 / self.host_rate if self.host_rate else 0.0

    def wait(self, error: FetchError, tries: int) -> float | None:
        """Seconds until the next try after `tries` of them; None: give up.

        Exponential back-off with jitter (half to one and a half of it, so that a herd
        scatters), and never less than a server's Retry-After.
        """
        if not error.transient or tries > self.retries:
            return None
        asked = error.retry_after or 0.0
        if asked > LONGEST_ASKED:
            return None
        wait = min(self.first_wait * 2.0 ** (tries - 1), LONGEST_WAIT)
        return asked + wait * random.uniform(0.5, 1.5)  # noqa: S311  no secret
