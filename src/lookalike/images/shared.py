"""Memory that the pool shares with its worker processes: a mapped file that leaves no trace."""

from __future__ import annotations

import contextlib
import mmap
import os
import tempfile
from pathlib import Path
from typing import IO

from lookalike.errors import StorageFullError

IN_MEMORY = "/dev/shm"  # noqa: S108  the kernel's own shared memory, where there is one


class SharedMemory:
    """`size` bytes, mapped as `map`; a worker maps the file at `address`.

    On POSIX the file has no name, so that nothing stays behind however the processes end; a
    worker then has to inherit `descriptors`.
    """

    def __init__(self, size: int) -> None:
        self._file = _reserved_file(size)
        number = self._file.fileno()
        self.map = mmap.mmap(number, size)
        posix = os.name == "posix"
        self.descriptors = (number,) if posix else ()
        self.address = f"/dev/fd/{number}" if posix else self._file.name

    def close(self) -> None:
        """Let the file go; the map lives as long as anything refers to it."""
        self._file.close()


def open_shared(address: str) -> mmap.mmap:
    """The same bytes, in a worker."""
    with Path(address).open("r+b") as file:
        return mmap.mmap(file.fileno(), 0)


def _reserved_file(size: int) -> IO[bytes]:
    """A file of zeros with its room taken: writing to one that has none kills the writer."""
    for folder in (IN_MEMORY, None):
        with contextlib.suppress(OSError):
            file = tempfile.TemporaryFile(prefix="lookalike-", suffix=".pixels", dir=folder)  # noqa: SIM115
            try:
                _reserve(file.fileno(), size)
            except OSError:
                file.close()
                raise
            return file
    raise StorageFullError(
        f"No room for {size:,} bytes of decoded images in {IN_MEMORY} or the temporary folder. "
        "Free some, set TMPDIR to a folder with more, or use fewer --workers."
    )


def _reserve(number: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(number, 0, size)
    else:
        os.truncate(number, size)
