"""One writer at a time: a lock file that names the process that holds it."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from lookalike.errors import LibraryBusyError, LibraryError

if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 30  # the locked byte lies far behind the text, which others may then read

    def _try_lock(handle: int) -> None:
        os.lseek(handle, _FAR, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _try_lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


class WriterLock:
    """Held by one process at a time; within it, counted, so that holders may nest.

    The system frees the lock when its process dies, however it dies.
    """

    def __init__(self, path: Path, wait_s: float = 1.0) -> None:
        self._path = path
        self._wait_s = wait_s
        self._mutex = threading.Lock()
        self._holders = 0
        self._handle = -1

    def acquire(self) -> None:
        """Take the lock, waiting a moment; raises LibraryBusyError naming who has it."""
        with self._mutex:
            if self._holders == 0:
                self._handle = self._open()
            self._holders += 1

    def release(self) -> None:
        """Give one hold back; the last one frees the lock."""
        with self._mutex:
            self._holders -= 1
            if self._holders == 0:
                with suppress(OSError):
                    os.ftruncate(self._handle, 0)
                os.close(self._handle)
                self._handle = -1

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    @property
    def holders(self) -> int:
        """How many in this process hold the lock through this object."""
        return self._holders

    def _open(self) -> int:
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise LibraryError(
                f"The library cannot be written: {self._path}: {error.strerror}"
            ) from error
        try:
            self._wait(handle)
        except BaseException:
            os.close(handle)
            raise
        command = " ".join(sys.argv).encode("utf-8", "backslashreplace")[:400]
        with suppress(OSError):  # a full disk has no room for the name; the lock holds all the same
            os.ftruncate(handle, 0)
            os.lseek(handle, 0, os.SEEK_SET)
            os.write(handle, b"%d\n%s\n" % (os.getpid(), command))
        return handle

    def _wait(self, handle: int) -> None:
        deadline = time.monotonic() + self._wait_s
        while True:
            try:
                return _try_lock(handle)
            except OSError:
                if time.monotonic() >= deadline:
                    raise LibraryBusyError(self._busy_message(handle)) from None
                time.sleep(0.02)

    def _busy_message(self, handle: int) -> str:
        os.lseek(handle, 0, os.SEEK_SET)
        pid, _, command = os.read(handle, 4096).decode("utf-8", "replace").partition("\n")
        holder = f"process {pid} ({command.strip()})" if pid else "another process"
        return (
            f"The library {self._path.parent} is being written by {holder}. "
            "Searching goes on meanwhile; to write, wait until it is done."
        )
