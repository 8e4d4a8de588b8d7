"""The vectors of the last few images that were asked about: who moves a slider asks again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from lookalike.images.crop import Crop
from lookalike.images.fingerprint import sha256

MOST = 64


class Recent:
    """Up to `MOST` vectors of one network, by the bytes of an image and the part that is meant."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._vectors: OrderedDict[tuple[bytes, Crop | None], NDArray[Any]] = OrderedDict()

    def vector(
        self, data: bytes, crop: Crop | None, see: Callable[[], NDArray[Any]]
    ) -> NDArray[Any]:
        """The vector (dim,) of an image, not to be written to; what `see` raises is not kept."""
        key = sha256(data), crop
        with self._turn:
            known = self._vectors.get(key)
            if known is not None:
                self._vectors.move_to_end(key)
                return known
        vector = see().copy()
        vector.flags.writeable = False
        with self._turn:
            self._vectors[key] = vector
            if len(self._vectors) > MOST:
                self._vectors.popitem(last=False)
        return vector
