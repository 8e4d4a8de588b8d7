"""One decoder process and the conversation with it: started when needed, replaced when it dies."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from lookalike.errors import ImageRejectedError, LookalikeError, UsageError
from lookalike.images.crop import Crop
from lookalike.images.frames import pack_location, receive, send
from lookalike.images.resize import Resized
from lookalike.types import Blob, Content, Location

COMMAND = (sys.executable, "-P", "-m", "lookalike.images.worker")
"""With -P, for the working folder may hold a `numpy.py` that came with the images."""
STARTUP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded image; its pixels stay in `slot` until that is released."""

    content: Content
    slot: int
    thumbnail: bytes | None


@dataclass(frozen=True, slots=True)
class SameContent:
    """The bytes are content that the caller said it knows; nothing was decoded."""

    sha256: bytes


@dataclass(frozen=True, slots=True)
class _Running:
    process: subprocess.Popen[bytes]
    tasks: IO[bytes]
    answers: IO[bytes]


class DecoderProcess:
    """A worker process that answers one question at a time, each with a deadline."""

    def __init__(self, setup: Mapping[str, Any], inherited: Collection[int] = ()) -> None:
        self._setup = dict(setup)
        self._inherited = inherited
        self._running: _Running | None = None
        self._deadline: float | None = None
        self._overdue = False

    def ask(
        self,
        location: Location,
        known: Collection[bytes],
        slot: int,
        thumbnail: bool,
        seconds: float,
        crop: Crop | None = None,
        glance: bool = False,
    ) -> Decoded | SameContent:
        """Decode one image, or a part of it, into `slot`; without its hashes at a `glance`.

        Raises `ImageRejectedError`, and `UsageError` for a part that is not in the image.
        """
        hexes = [digest.hex() for digest in known]
        part = None if crop is None else (crop.x, crop.y, crop.width, crop.height)
        task = {"slot": slot, "known": hexes, "thumbnail": thumbnail, "crop": part}
        task["glance"] = glance
        answer, picture = self._answer(location, task, seconds)
        if "known" in answer:
            return SameContent(bytes.fromhex(answer["known"]))
        digest = bytes.fromhex(answer.pop("sha256"))
        return Decoded(Content(sha256=digest, **answer), slot, picture or None)

    def resize(self, data: bytes, seconds: float) -> Resized:
        """The image as the setup's `resizing` wants it. Raises `ImageRejectedError`."""
        answer, resized = self._answer(Blob("", "", data), {}, seconds)
        return Resized(resized or data, **answer)

    def kill_if_overdue(self) -> None:
        """Called by a watchdog: ends a process whose answer is late."""
        deadline = self._deadline
        if deadline is not None and time.monotonic() > deadline:
            self._overdue = True
            self.interrupt()

    def interrupt(self) -> None:
        """Kill the process if it is at work."""
        running = self._running
        if self._deadline is not None and running is not None:
            running.process.kill()

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

    def _answer(
        self, location: Location, task: Mapping[str, Any], seconds: float
    ) -> tuple[dict[str, Any], bytes]:
        packed, payload = pack_location(location)
        running = self._running or self._start()
        try:
            answer, picture = self._exchange(
                running, {"location": packed, **task}, payload, seconds
            )
        except (EOFError, OSError) as error:
            raise self._bury(running, seconds) from error
        if "rejected" in answer:
            raise ImageRejectedError(answer["rejected"], answer["detail"])
        if "refused" in answer:
            raise UsageError(answer["refused"])
        return answer, picture

    def _exchange(
        self, running: _Running, task: Mapping[str, Any], payload: bytes, seconds: float
    ) -> tuple[dict[str, Any], bytes]:
        self._overdue = False
        self._deadline = time.monotonic() + seconds
        try:
            send(running.tasks, task, payload)
            return receive(running.answers)
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
            self._exchange(self._running, self._setup, b"", STARTUP_SECONDS)
        except (EOFError, OSError) as error:
            self._bury(self._running, STARTUP_SECONDS)
            raise LookalikeError(
                f"A decoder process did not start. See why with: {' '.join(COMMAND)} < {os.devnull}"
            ) from error
        return self._running

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
