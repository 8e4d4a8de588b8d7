"""Small grey pictures of stored images, by which two of them are compared; kept as a cache."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict, deque
from collections.abc import Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.errors import ImageRejectedError
from lookalike.explore.registration import FINE, RADIUS, Spectra, detail, scaled, without_frame
from lookalike.images.pool import Decoded, DecodePool, SameContent
from lookalike.images.preprocess import Preprocessing
from lookalike.store.records import ImageRecord
from lookalike.types import Floats, Pixels

Value = TypeVar("Value", bound=np.generic)

SIDE = 128
PREPROCESSING = Preprocessing(SIDE, SIDE, "bicubic", (0, 0, 0), (1, 1, 1), fit="pad")
LOOK = 32
TINTS = 4
_FILE = "prints.db"
_KEPT = 8_000
_SPECTRA = 1024
_FLAT = 2.5


class Print:
    """`grey` is uint8 (h, w), its longer side at most `SIDE`, without a border of one colour;
    `colour` int8 (TINTS, TINTS, 2), how far its parts are from grey, in YCbCr.
    """

    def __init__(self, grey: Pixels, colour: NDArray[np.int8]) -> None:
        self.grey = grey
        self.colour = colour
        self.flat = float(grey.std()) < _FLAT

    @classmethod
    def of(cls, rgb: Pixels) -> Print:
        """The print of uint8 (h, w, 3)."""
        picture = Image.fromarray(rgb)
        grey, (left, top) = without_frame(np.asarray(picture.convert("L")))
        inside = picture.crop((left, top, left + grey.shape[1], top + grey.shape[0]))
        tints = inside.resize((TINTS, TINTS), Image.Resampling.BOX).convert("YCbCr")
        colour = np.asarray(tints)[:, :, 1:].astype(np.int16) - 128
        return cls(grey, colour.astype(np.int8))

    def turned(self, way: int) -> Print:
        """The same picture in one of its eight orientations; 0 is as it is."""
        if not way:
            return self
        grey = np.ascontiguousarray(turned_array(self.grey, way))
        return Print(grey, turned_array(self.colour, way))

    def reshaped(self, shape: tuple[int, ...]) -> Print:
        """The same picture stretched to another height and width."""
        height, width = shape
        grey = Image.fromarray(self.grey).resize((width, height), Image.Resampling.BICUBIC)
        return Print(np.asarray(grey), self.colour)

    def tilted(self, degrees: float) -> Print:
        """The same picture turned a little, counter-clockwise, its corners filled in."""
        grey = Image.fromarray(self.grey).rotate(
            degrees, Image.Resampling.BICUBIC, fillcolor=int(np.median(self.grey))
        )
        return Print(np.asarray(grey), self.colour)

    @cached_property
    def digest(self) -> bytes:
        """Of all that a print is."""
        told = b"%d:%s%s" % (len(self.grey), self.grey.tobytes(), self.colour.tobytes())
        return blake2b(told, digest_size=16).digest()

    @cached_property
    def look(self) -> Floats:
        """The picture squashed to a square, as detail of length 1: float32 (LOOK, LOOK)."""
        size = (LOOK, LOOK)
        square = np.asarray(Image.fromarray(self.grey).resize(size, Image.Resampling.BOX))
        found = detail(square, 4)
        return found / max(float(np.linalg.norm(found)), 1e-6)

    @cached_property
    def fine(self) -> Floats:
        """The detail of the whole picture at the size at which a match is settled."""
        return detail(scaled(self.grey, FINE), RADIUS)

    @property
    def spectra(self) -> Spectra:
        """Ready to be slid over others; large, so only those of the last few are kept."""
        return _spectra(self)


@lru_cache(_SPECTRA)
def _spectra(print_: Print) -> Spectra:
    return Spectra(print_.grey)


_Row = tuple[int, bytes, int, bytes, bytes]


@dataclass(frozen=True, slots=True)
class _Wanted:
    image: ImageRecord
    decoding: Future[Decoded | SameContent]


class Prints:
    """The prints of contents: from memory, from the cache file, or made from the images.

    The file can be deleted at any moment; what is damaged in it is made anew.
    """

    def __init__(self, pool: DecodePool, cache: Path) -> None:
        self._pool = pool
        self._recent: OrderedDict[int, Print | None] = OrderedDict()
        self.unreadable: set[int] = set()
        self.file = _opened(cache / _FILE)

    def get(self, content: int) -> Print | None:
        """The print of a content that was loaded; None when its file cannot be read now."""
        found = self._recent.get(content)
        if found is not None:
            self._recent.move_to_end(content)
        return found

    def load(self, images: Iterable[ImageRecord]) -> None:
        """Have the prints of these images ready, one for each content."""
        missing = [image for image in images if not self._known(image)]
        waiting: deque[_Wanted] = deque()
        made: list[_Row] = []
        for image in missing:
            if not self._pool.free_slots:
                self._collect(waiting.popleft(), made)
            waiting.append(_Wanted(image, self._pool.submit(image.location)))
        while waiting:
            self._collect(waiting.popleft(), made)
        with suppress(sqlite3.Error):  # a cache: the next run makes them again
            self.file.executemany("INSERT OR REPLACE INTO pictures VALUES (?, ?, ?, ?, ?)", made)
            self.file.commit()

    def close(self) -> None:
        """Close the cache file."""
        self.file.close()

    def _known(self, image: ImageRecord) -> bool:
        content = image.content_key
        if content in self._recent or content in self.unreadable:
            return True
        row = None
        with suppress(sqlite3.Error):
            row = self.file.execute(
                "SELECT height, grey, colour FROM pictures WHERE content = ? AND sha256 = ?",
                (content, image.content.sha256),
            ).fetchone()
        if row is None or not 0 < row[0] <= SIDE or len(row[1]) % row[0] or not row[1]:
            return False
        if len(row[2]) != TINTS * TINTS * 2:
            return False
        colour = np.frombuffer(row[2], np.int8).reshape(TINTS, TINTS, 2)
        self._keep(content, Print(np.frombuffer(row[1], np.uint8).reshape(row[0], -1), colour))
        return True

    def _collect(self, wanted: _Wanted, made: list[_Row]) -> None:
        image = wanted.image
        try:
            decoded = wanted.decoding.result()
        except ImageRejectedError:
            self.unreadable.add(image.content_key)
            return
        assert isinstance(decoded, Decoded)
        square = np.array(self._pool.pixels(decoded))
        self._pool.release(decoded)
        if decoded.content.sha256 != image.content.sha256:
            self.unreadable.add(image.content_key)
            return
        rgb = _cut(square, decoded.content.width, decoded.content.height)
        found = Print.of(rgb)
        self._keep(image.content_key, found)
        grey, colour = found.grey, found.colour.tobytes()
        made.append((image.content_key, image.content.sha256, len(grey), grey.tobytes(), colour))

    def _keep(self, content: int, found: Print) -> None:
        self._recent[content] = found
        while len(self._recent) > _KEPT:
            self._recent.popitem(last=False)


def turned_array(pixels: NDArray[Value], way: int) -> NDArray[Value]:
    """An array (h, w) in orientation 0..7: from 4 on mirrored, then turned by quarters."""
    return np.rot90(np.fliplr(pixels) if way >= 4 else pixels, way % 4)


def _cut(square: Pixels, width: int, height: int) -> Pixels:
    """The picture out of the middle of the square into which it was fitted."""
    longer = max(width, height)
    across, down = (max(1, round(length * SIDE / longer)) for length in (width, height))
    left, top = (SIDE - across) // 2, (SIDE - down) // 2
    return np.ascontiguousarray(square[top : top + down, left : left + across])


def _opened(path: Path) -> sqlite3.Connection:
    """The cache file, made anew where it is damaged, in memory where nothing can be written."""
    for place in (path, path, None):
        try:
            if place is not None:
                place.parent.mkdir(exist_ok=True)
            connection = sqlite3.connect(":memory:" if place is None else place)
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS pictures (content INTEGER PRIMARY KEY, "
                "sha256 BLOB NOT NULL, height INTEGER NOT NULL, grey BLOB NOT NULL, "
                "colour BLOB NOT NULL)"
            )
        except (sqlite3.Error, OSError):
            with suppress(OSError):
                path.unlink(missing_ok=True)
            continue
        return connection
    raise AssertionError
