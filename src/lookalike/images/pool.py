"""The pool of decoder processes: tasks in, pixels in shared memory out, limits enforced."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import Future
from dataclasses import asdict
from typing import cast

import numpy as np

from lookalike.errors import LookalikeError
from lookalike.images.crew import Crew
from lookalike.images.crop import Crop
from lookalike.images.limits import DEFAULT_LIMITS, Limits
from lookalike.images.preprocess import Preprocessing
from lookalike.images.process import Decoded, DecoderProcess, SameContent
from lookalike.images.shared import SharedMemory
from lookalike.types import Blob, Location, Pixels, Web


class DecodePool:
    """Decodes images in `workers` processes, each under a memory and a time limit.

    A crash, a bomb or a hang costs the image at hand; its process is replaced. At most
    `slots` decoded images can be held at a time; the caller releases each. A thumbnail is
    made with `thumbnails`, and always of bytes that can be had only once.
    """

    def __init__(
        self,
        preprocessing: Preprocessing,
        *,
        workers: int,
        slots: int,
        limits: Limits = DEFAULT_LIMITS,
        thumbnails: bool = False,
    ) -> None:
        side = preprocessing.crop
        self._limits = limits
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
        self._crew = Crew(setup, workers, self._shared.descriptors)

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
        slot = self._take()
        picture = self._thumbnails or isinstance(location, Blob | Web)
        return self._crew.submit(
            lambda worker: self._decode(worker, location, known, slot, picture=picture)
        )

    def glance(self, data: bytes, crop: Crop | None) -> Future[Decoded | SameContent]:
        """Decode an image, or a part of it, that is only looked at: no thumbnail, no hashes.

        The future raises `ImageRejectedError`, and `UsageError` for a part outside the image.
        """
        slot = self._take()
        image = Blob("", "", data)
        return self._crew.submit(
            lambda worker: self._decode(
                worker, image, (), slot, picture=False, crop=crop, glance=True
            )
        )

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

    def _decode(
        self,
        worker: DecoderProcess,
        location: Location,
        known: Collection[bytes],
        slot: int,
        *,
        picture: bool,
        crop: Crop | None = None,
        glance: bool = False,
    ) -> Decoded | SameContent:
        keep_slot = False
        try:
            answer = worker.ask(location, known, slot, picture, self._limits.seconds, crop, glance)
            keep_slot = isinstance(answer, Decoded)
            return answer
        finally:
            if not keep_slot:
                self._free.append(slot)
