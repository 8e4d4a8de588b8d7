"""Questions that wait together are answered together: a batch costs little more than one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from lookalike.api.crowded import CrowdedError

AnswerAll: TypeAlias = Callable[[Sequence[Any]], Sequence[Any]]
"""Answers questions of one kind; an exception in the place of an answer is that question's."""


PATIENCE = 0.25
"""Seconds that questions wait for those that are on their way, at most."""


@dataclass(slots=True)
class _Kind:
    answer: AnswerAll
    until: float
    waiting: list[tuple[Any, asyncio.Future[Any]]] = field(default_factory=list)


class Together:
    """A lane whose `threads` each take all that waits of one kind, at most `batch` at a time.

    Of one kind, one batch is answered at a time: two small ones take longer than a large one.
    Who comes when nothing of its kind is under way is answered at once, unless `coming` says
    that more are on their way than wait: then it waits a moment, until they are as many.
    Beyond `waiting`, `CrowdedError`.
    """

    def __init__(
        self,
        name: str,
        threads: int,
        waiting: int,
        batch: int,
        coming: Callable[[], int] = lambda: 0,
    ) -> None:
        self.name = name
        self._most, self._batch, self._free, self._coming = waiting, batch, threads, coming
        self._kinds: dict[Hashable, _Kind] = {}
        self._at_work: set[Hashable] = set()
        self._under_way = 0
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)

    @property
    def under_way(self) -> int:
        """How many questions are being answered or wait."""
        return self._under_way

    async def ask(self, kind: Hashable, question: Any, answer: AnswerAll) -> Any:
        """The answer to a question, or what was raised for it.

        Questions of equal `kind` may be given to one call of `answer`, whoever asked them.
        """
        if self._under_way >= self._most:
            raise CrowdedError
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        if kind not in self._kinds:
            self._kinds[kind] = _Kind(answer, loop.time() + PATIENCE)
            loop.call_later(PATIENCE, self._start)
        self._kinds[kind].waiting.append((question, future))
        self._under_way += 1
        self._start()
        try:
            return await future
        finally:
            self._under_way -= 1

    def close(self) -> None:
        """Finish what is under way and let the threads go."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _start(self) -> None:
        """Give the kinds that have waited enough to free threads, the oldest first."""
        loop = asyncio.get_running_loop()
        for name, kind in list(self._kinds.items()):
            if not self._free:
                return
            if name in self._at_work:
                continue
            enough = min(self._coming(), self._batch)
            if len(kind.waiting) < enough and loop.time() < kind.until:
                continue
            del self._kinds[name]
            now, later = kind.waiting[: self._batch], kind.waiting[self._batch :]
            if later:
                self._kinds[name] = _Kind(kind.answer, kind.until, later)
            self._free -= 1
            self._at_work.add(name)
            done = loop.run_in_executor(
                self._threads, kind.answer, [question for question, _ in now]
            )
            done.add_done_callback(partial(self._finished, name, [future for _, future in now]))

    def _finished(
        self,
        kind: Hashable,
        asked: Sequence[asyncio.Future[Any]],
        done: asyncio.Future[Sequence[Any]],
    ) -> None:
        self._free += 1
        self._at_work.discard(kind)
        error = done.exception()
        answers = [error] * len(asked) if error is not None else done.result()
        for future, answer in zip(asked, answers, strict=True):
            if future.done():  # who asked has gone
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
        self._start()
