"""The pool of decoder processes: tasks in, pixels in shared memory out, limits enforced."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from functools import partial
from typing import cast

import numpy as np

from lookalike.errors import LookalikeError
from lookalike.images.crew import Crew
from lookalike.images.crop import Crop
from lookalike.images.limits import DEFAULT_LIMITS, Limits
from lookalike.images.preprocess import Preprocessing
from lookalike.images.process import Outcome, Task
from lookalike.images.shared import SharedMemory
from lookalike.types import Blob, Content, Location, ParquetCell, Pixels, Web


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


class DecodePool:
    """Decodes images in `workers` processes, each under a memory and a time limit.

    A crash, a bomb or a hang costs the image at hand; its process is replaced. At most
    `slots` decoded images can be held at a time; the caller releases each. A thumbnail is
    made with `thumbnails`, and always of bytes that can be had only once. `backlog` is that
    of a `Crew`.
    """

    def __init__(
        self,
        preprocessing: Preprocessing,
        *,
        workers: int,
        slots: int,
        limits: Limits = DEFAULT_LIMITS,
        thumbnails: bool = False,
        backlog: int = 0,
    ) -> None:
        side = preprocessing.crop
        self._thumbnails = thumbnails
        self._shared = SharedMemory(slots * side * side * 3)
        flat = np.frombuffer(self._shared.map, dtype=np.uint8)
        self._pixels = flat.reshape(slots, side, side, 3)
        self._free = list(range(slots))
        setup = {
            "limits": asdict(limits),
            "preprocessing": preprocessing.as_recipe(),
            "shared": self._shared.address,
        }
        inherited = self._shared.descriptors
        self._crew = Crew(setup, workers, limits.seconds, inherited, backlog)

    @property
    def free_slots(self) -> int:
        """How many more tasks may be submitted before a slot is released."""
        return len(self._free)

    def submit(
        self, location: Location, known: Collection[bytes] = ()
    ) -> Future[Decoded | SameContent]:
        """Decode one image; the future raises `ImageRejectedError` when it cannot be used.

        `known` holds sha256 digests that need no decoding.
        """
        picture = self._thumbnails or isinstance(location, Blob | Web)
        return self._ask(location, known=known, picture=picture)

    def glance(self, data: bytes, crop: Crop | None) -> Future[Decoded | SameContent]:
        """Decode an image, or a part of it, that is only looked at: no thumbnail, no hashes.

        The future raises `ImageRejectedError`, and `UsageError` for a part outside the image.
        """
        return self._ask(Blob("", "", data), crop=crop, glance=True)

    def pixels(self, decoded: Decoded) -> Pixels:
        """A view of uint8 (side, side, 3), valid until `release`."""
        return cast("Pixels", self._pixels[decoded.slot])

    def release(self, decoded: Decoded) -> None:
        """Give the slot of a decoded image back."""
        self._free.append(decoded.slot)

    def close(self) -> None:
        """Stop the processes and free the shared memory."""
        self._crew.close()
        self._shared.close()

    def __enter__(self) -> DecodePool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take(self) -> int:
        if not self._free:
            raise LookalikeError("All decode slots are taken: release one first.")
        return self._free.pop()

    def _ask(
        self,
        location: Location,
        *,
        known: Collection[bytes] = (),
        picture: bool = False,
        crop: Crop | None = None,
        glance: bool = False,
    ) -> Future[Decoded | SameContent]:
        slot = self._take()
        header = {
            "slot": slot,
            "known": [digest.hex() for digest in known],
            "thumbnail": picture,
            "crop": None if crop is None else (crop.x, crop.y, crop.width, crop.height),
            "glance": glance,
        }
        light = not picture and not isinstance(location, Blob | ParquetCell | Web)
        return self._crew.submit(Task(location, header, light), partial(self._read, slot))

    def _read(self, slot: int, outcome: Outcome) -> Decoded | SameContent:
        """What a process said of an image; without pixels, the slot is free again."""
        if isinstance(outcome, LookalikeError):
            self._free.append(slot)
            raise outcome
        facts, picture = outcome
        if "known" in facts:
            self._free.append(slot)
            return SameContent(bytes.fromhex(facts["known"]))
        content = Content(**{**facts, "sha256": bytes.fromhex(facts["sha256"])})
        return Decoded(content, slot, picture or None)
