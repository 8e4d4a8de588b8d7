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


@dataclass(slots=True)
class _Kind:
    answer: AnswerAll
    waiting: list[tuple[Any, asyncio.Future[Any]]] = field(default_factory=list)


class Together:
    """A lane whose `threads` each take all that waits of one kind, at most `batch` at a time.

    Who comes when a thread is free is answered at once; beyond `waiting`, `CrowdedError`.
    """

    def __init__(self, name: str, threads: int, waiting: int, batch: int) -> None:
        self.name = name
        self._most, self._batch, self._free = waiting, batch, threads
        self._kinds: dict[Hashable, _Kind] = {}
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
        future = asyncio.get_running_loop().create_future()
        self._kinds.setdefault(kind, _Kind(answer)).waiting.append((question, future))
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
        """Give the kind that waits longest to a free thread."""
        while self._free and self._kinds:
            name, kind = next(iter(self._kinds.items()))
            del self._kinds[name]
            now, later = kind.waiting[: self._batch], kind.waiting[self._batch :]
            if later:
                self._kinds[name] = _Kind(kind.answer, later)
            self._free -= 1
            loop = asyncio.get_running_loop()
            done = loop.run_in_executor(
                self._threads, kind.answer, [question for question, _ in now]
            )
            done.add_done_callback(partial(self._finished, [future for _, future in now]))

    def _finished(
        self, asked: Sequence[asyncio.Future[Any]], done: asyncio.Future[Sequence[Any]]
    ) -> None:
        self._free += 1
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
