"""A network that gives the mean colour, a catalog in memory, and pictures of one colour."""

from __future__ import annotations

import struct
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lookalike.embed.way import Way
from lookalike.images.preprocess import Preprocessing
from lookalike.models.model import Model
from lookalike.types import (
    Duplicate,
    Embedded,
    File,
    Floats,
    Known,
    Outcome,
    Pixels,
    Reference,
    Rejected,
    Stamp,
    Unchanged,
)

Colour = tuple[int, int, int]
SIDE = 8
PREPROCESSING = Preprocessing(SIDE, SIDE, "bicubic", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
BLACK, WHITE, PINK = (0, 0, 0), (255, 255, 255), (255, 0, 255)
"""Colours of which the network makes a zero vector, NaN, and more than float16 holds."""


class TinyNetwork:
    """The mean colour of an image: exact for a picture of one colour."""

    runtime, precision = "tiny", "fp32"

    def __init__(self) -> None:
        self.images = 0
        self._lock = threading.Lock()

    def run(self, pixels: Pixels) -> Floats:
        with self._lock:
            self.images += len(pixels)
        means = pixels.mean(axis=(1, 2)).astype(np.float32)
        means[(means == WHITE).all(axis=1)] = np.nan
        means[(means == PINK).all(axis=1)] = 1e6
        return means


def tiny_way(network: TinyNetwork) -> Way:
    model = Model("tiny", "1", "0" * 64, "avg", (3,), PREPROCESSING, "none", lambda _: network)
    return Way(model, (), (), normalised=False)


def bmp(colour: Colour) -> bytes:
    """An 8 x 8 picture of one colour."""
    row = bytes(reversed(colour)) * SIDE
    header = struct.pack("<2sIHHI", b"BM", 54 + SIDE * len(row), 0, 0, 54)
    info = struct.pack("<IiiHHIIiiII", 40, SIDE, SIDE, 1, 24, 0, SIDE * len(row), 0, 0, 0, 0)
    return header + info + row * SIDE


def colour(number: int) -> Colour:
    """A colour of its own for each number, none of the three special ones."""
    return number % 251 + 1, number // 251 % 251 + 1, 7


def offer(folder: Path, colours: Iterable[Colour], start: int = 0) -> list[Reference]:
    """Write a picture a colour, and refer to them in turn."""
    references = []
    for number, one in enumerate(colours, start):
        path = folder / f"{number:05d}.bmp"
        path.write_bytes(bmp(one))
        references.append(Reference(path.name, File(str(path))))
    return references


def id_of(outcome: Outcome) -> str:
    return outcome.id if isinstance(outcome, Rejected) else outcome.reference.id


@dataclass
class Memory:
    """A library in memory: takes outcomes in, and answers the pipeline's questions."""

    images: dict[str, Known] = field(default_factory=dict)
    sizes: dict[int, list[bytes]] = field(default_factory=dict)
    checked_ns: int = 2**62

    def known(self, ids: Sequence[str]) -> Mapping[str, Known]:
        return {id_: self.images[id_] for id_ in ids if id_ in self.images}

    def digests_of_size(self, sizes: Collection[int]) -> Mapping[int, Sequence[bytes]]:
        return {size: self.sizes[size] for size in sizes if size in self.sizes}

    def take_in(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            match outcome:
                case Embedded(reference, stamp, content, _):
                    self.sizes.setdefault(content.size, []).append(content.sha256)
                    self._put(reference, stamp.size, stamp.mtime_ns, content.sha256)
                case Duplicate(reference, stamp, sha256):
                    assert sha256 in self.sizes[stamp.size], "a duplicate of nothing"
                    self._put(reference, stamp.size, stamp.mtime_ns, sha256)
                case Unchanged(reference, stamp):
                    before = self.images[reference.id]
                    self._put(reference, stamp.size, stamp.mtime_ns, before.sha256)

    def _put(self, reference: Reference, size: int, mtime_ns: int, sha256: bytes) -> None:
        stamp = Stamp(size, mtime_ns)
        self.images[reference.id] = Known(
            reference.location.path, stamp, self.checked_ns, sha256, None, {}, False
        )
