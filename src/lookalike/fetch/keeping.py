"""Where images are kept: files in folders named by content, or WebDataset tar shards."""

from __future__ import annotations

import errno
import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from lookalike.errors import LookalikeError, StorageFullError
from lookalike.fetch.journal import Stored
from lookalike.images.resize import Resized

IMAGES = "images"
SHARDS = "shards"
END_OF_TAR = bytes(2 * tarfile.BLOCKSIZE)


class Keeper(Protocol):
    """Keeps images under the sha256 of what was sent; `mark` says where they end.

    `keep` is called from several threads where `waits` says that it may take its time.
    """

    waits: bool

    @property
    def mark(self) -> Any:
        """JSON data from which a later run goes on; None where it needs none."""

    def keep(self, sha256: bytes, image: Resized, facts: Mapping[str, Any]) -> Stored:
        """Write one image. Raises `StorageFullError` or `LookalikeError`."""

    def has(self, stored: Stored) -> bool:
        """Whether the file of an earlier run is there still, and whole."""

    def close(self) -> None:
        """Finish what is open."""


class FolderKeeper:
    """`images/3f/3fa9....jpg` below `out`; a file is there whole or not at all."""

    waits = True  # making a file takes milliseconds where the disk is busy
    mark = None

    def __init__(self, out: Path) -> None:
        self._out = out
        self._made: set[str] = set()
        self._parts = count()
        for left in (out / IMAGES).glob("*.part"):  # by a run that was killed
            left.unlink()

    def keep(self, sha256: bytes, image: Resized, facts: Mapping[str, Any]) -> Stored:  # noqa: ARG002
        """Write one image."""
        name = sha256.hex()
        place = f"{IMAGES}/{name[:2]}/{name}.{image.suffix}"
        with _writing(self._out):
            if name[:2] not in self._made:
                (self._out / IMAGES / name[:2]).mkdir(parents=True, exist_ok=True)
                self._made.add(name[:2])
            part = self._out / IMAGES / f"{next(self._parts)}.part"
            part.write_bytes(image.data)
            part.replace(self._out / place)
        return Stored(place, len(image.data), image.width, image.height)

    def has(self, stored: Stored) -> bool:
        """Whether a file of that length is there."""
        try:
            return (self._out / stored.file).stat().st_size == stored.stored
        except OSError:
            return False

    def close(self) -> None:
        """Nothing is open."""


class ShardKeeper:
    """`shards/00000.tar` and on, `images` in each, beside each image a .json of its facts.

    A run that was killed left a shard with images that the journal does not know: they are
    cut off, from the mark on.
    """

    waits = False

    def __init__(self, out: Path, images: int, mark: Any) -> None:
        self._folder = out / SHARDS
        self._images = images
        at: list[int] = mark or [0, 0, 0]
        self._number, self._held, self._length = at
        with _writing(out):
            self._folder.mkdir(parents=True, exist_ok=True)
            for left in self._folder.glob("*.tar"):
                if left.stem.isdigit() and int(left.stem) > self._number:
                    left.unlink()
        self._file = self._opened()

    @property
    def mark(self) -> list[int]:
        """The shard at hand, its images, its bytes."""
        return [self._number, self._held, self._length]

    def keep(self, sha256: bytes, image: Resized, facts: Mapping[str, Any]) -> Stored:
        """Append one image and its facts to the shard at hand."""
        if self._held >= self._images:
            self.close()
            self._number, self._held, self._length = self._number + 1, 0, 0
            self._file = self._opened()
        name = f"{sha256.hex()}.{image.suffix}"
        text = json.dumps({**facts, "width": image.width, "height": image.height})
        block = _member(name, image.data) + _member(f"{sha256.hex()}.json", text.encode())
        with _writing(self._folder):
            self._file.write(block)
            self._file.flush()
        self._length += len(block)
        self._held += 1
        place = f"{SHARDS}/{self._number:05d}.tar!{name}"
        return Stored(place, len(image.data), image.width, image.height)

    def has(self, stored: Stored) -> bool:
        """Whether its shard is there."""
        shard = Path(stored.file.partition("!")[0]).name
        return (self._folder / shard).exists()

    def close(self) -> None:
        """End the shard at hand as a tar should end."""
        if not self._file.closed:
            with _writing(self._folder):
                self._file.write(END_OF_TAR)
                self._file.close()

    def _opened(self) -> BinaryIO:
        with _writing(self._folder):
            path = self._folder / f"{self._number:05d}.tar"
            path.touch()
            file = path.open("r+b")
            file.truncate(self._length)
            file.seek(self._length)
            return file


def _member(name: str, data: bytes) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    entry.mode = 0o644
    whole = io.BytesIO()
    whole.write(entry.tobuf(tarfile.USTAR_FORMAT))
    whole.write(data)
    whole.write(bytes(-len(data) % tarfile.BLOCKSIZE))
    return whole.getvalue()


@contextmanager
def _writing(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFullError(
                f"No room left for {os.fspath(place)!r}. Free some, then run the same command "
                "to go on."
            ) from error
        raise LookalikeError(
            f"{os.fspath(place)!r} cannot be written: {error.strerror}."
        ) from error
