"""One decoder process and the conversation with it: started when needed, replaced when it dies."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, TypeAlias

from lookalike.errors import ImageRejectedError, LookalikeError, UsageError
from lookalike.images.frames import Answer, pack_location, receive, send
from lookalike.types import Location

Outcome: TypeAlias = Answer | LookalikeError
"""An answer, or why there is none: `ImageRejectedError`, `UsageError`, or no process."""

COMMAND = (sys.executable, "-P", "-m", "lookalike.images.worker")
"""With -P, for the working folder may hold a `numpy.py` that came with the images."""
STARTUP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Task:
    """What a process is asked about an image.

    `light` says that no bytes go there or come back, so that several tasks fit into a pipe.
    """

    location: Location
    header: Mapping[str, Any]
    light: bool = False


@dataclass(frozen=True, slots=True)
class _Running:
    process: subprocess.Popen[bytes]
    tasks: IO[bytes]
    answers: IO[bytes]


class DecoderProcess:
    """A worker process that is asked one question after the other, each with a deadline."""

    def __init__(self, setup: Mapping[str, Any], inherited: Collection[int] = ()) -> None:
        self._setup = dict(setup)
        self._inherited = inherited
        self._running: _Running | None = None
        self._deadline: float | None = None
        self._overdue = False
        self._dismissed = False

    def ask(self, tasks: Sequence[Task], seconds: float) -> list[Outcome]:
        """The outcome of each task; several at once are light ones.

        If the process dies or takes more than `seconds`, each is asked again alone: one of
        them is to blame.
        """
        try:
            running = self._running or self._start()
        except LookalikeError as error:
            return [error] * len(tasks)
        try:
            return [_outcome(answer) for answer in self._exchange(running, tasks, seconds)]
        except (EOFError, OSError):
            blame = self._bury(running, seconds)
        if len(tasks) == 1 or self._dismissed:
            return [blame] * len(tasks)
        return [self.ask([task], seconds)[0] for task in tasks]

    def kill_if_overdue(self) -> None:
        """Called by a watchdog: ends a process whose answer is late."""
        deadline = self._deadline
        if deadline is not None and time.monotonic() > deadline:
            self._overdue = True
            self._kill()

    def dismiss(self) -> None:
        """Kill the process if it is at work; it is not asked again."""
        self._dismissed = True
        self._kill()

    def close(self) -> None:
        """End the process; it goes by itself once its pipe is closed."""
        running, self._running = self._running, None
        if running is None:
            return
        _close(running.tasks)
        try:
            running.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            running.process.kill()
            running.process.wait()
        _close(running.answers)

    def _kill(self) -> None:
        running = self._running
        if self._deadline is not None and running is not None:
            running.process.kill()

    def _exchange(self, running: _Running, tasks: Sequence[Task], seconds: float) -> list[Answer]:
        """Ask for all, then hear all: what is light fits into the pipes meanwhile."""
        self._overdue = False
        self._deadline = time.monotonic() + seconds
        try:
            if self._dismissed:
                raise EOFError("the process was dismissed before it was asked")
            for number, task in enumerate(tasks, 1):
                more = number < len(tasks)
                place, payload = pack_location(task.location)
                header = {"location": place, "more": more, **task.header}
                send(running.tasks, header, payload, more=more)
            return [receive(running.answers) for _ in tasks]
        finally:
            self._deadline = None

    def _start(self) -> _Running:
        with _deaf_to_interrupts():
            process = subprocess.Popen(
                COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                pass_fds=self._inherited,
            )
        if process.stdin is None or process.stdout is None:
            raise LookalikeError("A decoder process was started without pipes.")
        self._running = _Running(process, process.stdin, process.stdout)
        try:
            self._greet(self._running)
        except (EOFError, OSError) as error:
            self._bury(self._running, STARTUP_SECONDS)
            raise LookalikeError(
                f"A decoder process did not start. See why with: {' '.join(COMMAND)} < {os.devnull}"
            ) from error
        return self._running

    def _greet(self, running: _Running) -> None:
        self._overdue = False
        self._deadline = time.monotonic() + STARTUP_SECONDS
        try:
            send(running.tasks, self._setup)
            receive(running.answers)
        finally:
            self._deadline = None

    def _bury(self, running: _Running, seconds: float) -> ImageRejectedError:
        """Take leave of a dead process and say what killed it."""
        self._running = None
        running.process.kill()
        code = running.process.wait()
        _close(running.tasks)
        _close(running.answers)
        if self._overdue:
            return ImageRejectedError("timeout", f"decoding took more than {seconds:g} s")
        cause = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return ImageRejectedError("crash", f"the decoder process died: {cause}")


def _outcome(answer: Answer) -> Outcome:
    header, _ = answer
    if "rejected" in header:
        return ImageRejectedError(header["rejected"], header["detail"])
    return UsageError(header["refused"]) if "refused" in header else answer


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """A process started meanwhile never hears Ctrl-C, however early: its parent ends it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _close(pipe: IO[bytes]) -> None:
    with contextlib.suppress(OSError):
        pipe.close()
