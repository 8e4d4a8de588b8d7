"""An embedder for many askers at once: images decoded in worker processes, embedded together."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.embed.embedder import BAD_VECTOR, Embedder, Vectors
from lookalike.embed.recent import Recent
from lookalike.errors import ImageRejectedError, LookalikeError
from lookalike.images.crop import Crop
from lookalike.images.pool import Decoded, DecodePool
from lookalike.images.preprocess import Preprocessing
from lookalike.types import Pixels

PATIENCE = 0.003
"""Seconds that the first image of a batch waits for more of them."""
FEW = 2
"""So many images are embedded one by one: a batch of a fixed shape costs more."""


@dataclass(slots=True)
class _Asked:
    pixels: Pixels
    answer: Future[NDArray[Any]] = field(default_factory=Future)


class CrowdEmbedder:
    """Answers as `Embedder.embed` and `see` do, from many threads at once.

    What is asked within a few milliseconds is embedded in one batch by `many`; few images
    go to `one`, which takes them singly. `pool` has a slot for each asker; `on_batch` hears
    how many images went together. Owns all three.
    """

    def __init__(
        self,
        one: Embedder,
        many: Embedder,
        pool: DecodePool,
        on_batch: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._one, self._many, self._pool, self._on_batch = one, many, pool, on_batch
        self._slots = threading.Semaphore(pool.free_slots)
        self._streams = threading.Semaphore(many.streams)
        self._recent = Recent()
        self._asked: queue.SimpleQueue[_Asked | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._gather, name="crowd", daemon=True)
        self._thread.start()

    @property
    def preprocessing(self) -> Preprocessing:
        """What the network expects of its pixels."""
        return self._one.preprocessing

    def see(self, data: bytes, crop: Crop | None = None) -> NDArray[Any]:
        """The bytes of an image -> its vector (dim,), or that of a part of it.

        Of the last few images it is known still. Raises `ImageRejectedError`, and `UsageError`
        for a part that is not in the image.
        """
        return self._recent.vector(data, crop, partial(self._see, data, crop))

    def _see(self, data: bytes, crop: Crop | None) -> NDArray[Any]:
        with self._slots:
            decoded = self._pool.glance(data, crop).result()
            if not isinstance(decoded, Decoded):
                raise LookalikeError("A decoder process gave no pixels.")
            try:
                return self.embed(self._pool.pixels(decoded))
            finally:
                self._pool.release(decoded)

    def embed(self, pixels: Pixels) -> NDArray[Any]:
        """uint8 (side, side, 3) -> one vector (dim,). Raises `ImageRejectedError`."""
        asked = _Asked(pixels)
        self._asked.put(asked)
        return asked.answer.result()

    def close(self) -> None:
        """Let the networks and the decoder processes go; what is under way is answered first."""
        self._asked.put(None)
        self._thread.join()
        self._many.close()
        self._one.close()
        self._pool.close()

    def _gather(self) -> None:
        while True:
            self._streams.acquire()  # while the network is at work, more come together
            first = self._asked.get()
            if first is None:
                return
            batch = self._more(first)
            self._on_batch(len(batch))
            if len(batch) > FEW:
                self._send(self._many, batch)
                continue
            self._send(self._one, batch[:1])
            for asked in batch[1:]:
                self._streams.acquire()
                self._send(self._one, [asked])

    def _more(self, first: _Asked) -> list[_Asked]:
        batch, until = [first], time.monotonic() + PATIENCE
        while len(batch) < self._many.batch:
            try:
                asked = self._asked.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                break
            if asked is None:
                self._asked.put(None)
                break
            batch.append(asked)
        return batch

    def _send(self, network: Embedder, batch: list[_Asked]) -> None:
        future = network.submit(np.stack([asked.pixels for asked in batch]))
        future.add_done_callback(partial(self._answer, batch))

    def _answer(self, batch: list[_Asked], done: Future[Vectors]) -> None:
        self._streams.release()
        error = done.exception()
        if error is not None:
            for asked in batch:
                asked.answer.set_exception(error)
            return
        vectors = done.result()
        for place, asked in enumerate(batch):
            if vectors.usable[place]:
                asked.answer.set_result(vectors.values[place])
            else:
                asked.answer.set_exception(ImageRejectedError("bad-vector", BAD_VECTOR))
