"""Memory that the pool shares with its worker processes: a mapped file that leaves no trace."""

from __future__ import annotations

import contextlib
import mmap
import os
import tempfile
from pathlib import Path

from lookalike.errors import StorageFullError

IN_MEMORY = "/dev/shm"  # noqa: S108  the kernel's own shared memory, where there is one


class SharedMemory:
    """`size` bytes, mapped as `map`; a worker maps the file at `address`.

    On POSIX the file loses its name at once, so that nothing stays behind however the
    processes end; a worker then has to inherit `descriptors`.
    """

    def __init__(self, size: int) -> None:
        number, self._name = _reserved_file(size)
        self.map = mmap.mmap(number, size)
        self.descriptors: tuple[int, ...] = ()
        self.address = self._name
        if os.name == "posix":
            Path(self._name).unlink()
            self.descriptors = (number,)
            self.address = f"/dev/fd/{number}"
        else:
            os.close(number)

    def close(self) -> None:
        """Let the file go; the map lives as long as anything refers to it."""
        for number in self.descriptors:
            os.close(number)
        if not self.descriptors:
            with contextlib.suppress(OSError):
                Path(self._name).unlink(missing_ok=True)


def open_shared(address: str) -> mmap.mmap:
    """The same bytes, in a worker."""
    with Path(address).open("r+b") as file:
        return mmap.mmap(file.fileno(), 0)


def _reserved_file(size: int) -> tuple[int, str]:
    """A file of zeros with its room taken: writing to one that has none kills the writer."""
    for folder in (IN_MEMORY, None):
        with contextlib.suppress(OSError):
            number, name = tempfile.mkstemp(prefix="lookalike-", suffix=".pixels", dir=folder)
            try:
                _reserve(number, size)
            except OSError:
                os.close(number)
                Path(name).unlink()
                raise
            return number, name
    raise StorageFullError(
        f"No room for {size:,} bytes of decoded images in {IN_MEMORY} or the temporary folder. "
        "Free some, set TMPDIR to a folder with more, or use fewer --workers."
    )


def _reserve(number: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(number, 0, size)
    else:
        os.truncate(number, size)
