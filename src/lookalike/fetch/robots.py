"""What a site asks of programs: its robots.txt (RFC 9309), and X-Robots-Tag on an answer."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from multidict import CIMultiDictProxy
from protego import Protego

from lookalike.errors import FetchError
from lookalike.fetch.client import SafeClient

if TYPE_CHECKING:
    from yarl import URL

SIZE = 500 * 1024
KEPT_SITES = 2_000
KEEP_SECONDS = 24 * 3600.0
KEEP_FAILURE_SECONDS = 60.0
UNWANTED = frozenset({"noai", "noimageai", "noindex", "noimageindex", "none"})


@dataclass(frozen=True, slots=True)
class _Site:
    """The rules of one site until a time; without rules, the error of asking for them."""

    until: float
    rules: Protego | None = None
    failure: FetchError | None = None


class Robots:
    """Reads the robots.txt of each site once, and remembers it for a day."""

    def __init__(self, client: SafeClient) -> None:
        self._client = client
        self._name = client.policy.agent.partition("/")[0].strip().lower() or "lookalike"
        self._sites: OrderedDict[str, asyncio.Task[_Site]] = OrderedDict()

    async def check(self, url: URL) -> float:
        """Seconds that the site wants between two requests, 0 when it does not say.

        Raises `FetchError` (robots) where the URL is not for programs, and the error of the
        request when its robots.txt could not be had: then nothing may be asked for.
        """
        origin = str(url.origin())
        task = self._sites.get(origin)
        if task is None or (task.done() and _is_over(task)):
            task = asyncio.ensure_future(self._ask(origin))
            self._sites[origin] = task
            if len(self._sites) > KEPT_SITES:
                self._sites.popitem(last=False)
        self._sites.move_to_end(origin)
        site = await asyncio.shield(task)
        if site.failure is not None:
            raise site.failure.with_traceback(None)  # else it would hold each who asked
        if site.rules is None:
            return 0.0
        if not site.rules.can_fetch(str(url), self._name):
            raise FetchError("robots", f"robots.txt of {url.host} does not allow it")
        return float(site.rules.crawl_delay(self._name) or 0.0)

    def check_headers(self, headers: CIMultiDictProxy[str]) -> None:
        """Raise `FetchError` (robots) where an X-Robots-Tag says no to us or to all."""
        for line in headers.getall("X-Robots-Tag", ()):
            agent, colon, directives = line.lower().rpartition(":")
            if colon and agent.strip() != self._name:
                continue
            found = UNWANTED.intersection(word.strip() for word in directives.split(","))
            if found:
                raise FetchError("robots", f"X-Robots-Tag: {', '.join(sorted(found))}", code=200)

    async def _ask(self, origin: str) -> _Site:
        now = time.monotonic()
        try:
            answer = await self._client.get(f"{origin}/robots.txt", size=SIZE)
        except FetchError as error:
            if error.reason in {"redirects", "too-large", "bad-url"}:
                return _Site(now + KEEP_SECONDS)
            return _Site(now + KEEP_FAILURE_SECONDS, failure=error)
        if answer.status >= 500 or answer.status == 429:
            failure = FetchError(
                "robots",
                f"robots.txt answered {answer.status}",
                code=answer.status,
                transient=True,
            )
            return _Site(now + KEEP_FAILURE_SECONDS, failure=failure)
        if answer.status != 200:
            return _Site(now + KEEP_SECONDS)
        return _Site(now + KEEP_SECONDS, Protego.parse(answer.body.decode("utf-8", "replace")))


def _is_over(task: asyncio.Task[_Site]) -> bool:
    """Whether an answer is too old, or never came."""
    if task.cancelled() or task.exception() is not None:
        return True
    return task.result().until < time.monotonic()
