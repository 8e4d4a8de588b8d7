"""Pixels to vectors: batches of one fixed shape, side by side on several streams."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.embed.way import Way
from lookalike.errors import ImageRejectedError
from lookalike.images.crop import Crop
from lookalike.images.decode import decode
from lookalike.images.preprocess import Preprocessing, to_input
from lookalike.models.network import ON_CORES, NetworkOptions
from lookalike.types import Pixels

BAD_VECTOR = "zero, not finite, or beyond float16"


@dataclass(frozen=True, slots=True)
class Vectors:
    """Vectors of a batch, (n, dim) float32 or packed bits, and which of them are usable (n,)."""

    values: NDArray[Any]
    usable: NDArray[np.bool_]


class Embedder:
    """A loaded network, the reducers after it, and the threads that feed it."""

    def __init__(
        self,
        way: Way,
        *,
        runtime: str = "auto",
        precision: str = "auto",
        device: str = "auto",
        streams: int = 1,
        batch: int = ON_CORES.batch,
    ) -> None:
        self.batch = batch
        self.streams = streams
        self._way = way
        self._network = way.model.open(NetworkOptions(runtime, precision, batch, streams, device))
        self._threads = ThreadPoolExecutor(streams, thread_name_prefix="embed")

    @property
    def preprocessing(self) -> Preprocessing:
        """What the network expects of its pixels."""
        return self._way.model.preprocessing

    @property
    def runtime(self) -> str:
        """`onnx` or `openvino`: what runs the network."""
        return self._network.runtime

    @property
    def precision(self) -> str:
        """`fp32` or `bf16`: what the network computes in."""
        return self._network.precision

    def embed(self, pixels: Pixels) -> NDArray[Any]:
        """uint8 (side, side, 3) -> one vector (dim,).

        Raises `ImageRejectedError` when it is zero, not finite, or beyond float16.
        """
        vectors = self.submit(pixels[None]).result()
        if not vectors.usable[0]:
            raise ImageRejectedError("bad-vector", BAD_VECTOR)
        vector: NDArray[Any] = vectors.values[0]
        return vector

    def see(self, data: bytes, crop: Crop | None = None) -> NDArray[Any]:
        """The bytes of an image -> its vector (dim,), or that of a part of it.

        Raises `ImageRejectedError`, and `UsageError` for a part that is not in the image.
        """
        if crop is None:
            rgb = decode(data, shorter_side=self.preprocessing.decode_side).rgb
        else:
            whole = decode(data).rgb
            rgb = whole.crop(crop.box(*whole.size))
        return self.embed(to_input(rgb, self.preprocessing))

    def submit(self, pixels: Pixels) -> Future[Vectors]:
        """The vectors of at most `batch` images, computed on a thread of its own."""
        return self._threads.submit(self._run, pixels)

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _run(self, pixels: Pixels) -> Vectors:
        count = len(pixels)
        if count < self.batch:
            full = np.zeros((self.batch, *pixels.shape[1:]), np.uint8)
            full[:count] = pixels
            pixels = full
        features = self._network.run(pixels)[:count]
        vectors = self._way.reduce(features)
        return Vectors(vectors, _usable(features) & _usable(vectors))


def _usable(values: NDArray[Any]) -> NDArray[np.bool_]:
    """For each row: every value is finite, as float16 too, and not all are zero; bits always."""
    if values.dtype == np.uint8:
        return np.ones(len(values), np.bool_)
    largest = np.abs(values.reshape(len(values), -1)).max(axis=1)
    limit = np.finfo(np.float16).max
    usable: NDArray[np.bool_] = np.isfinite(largest) & (largest > 0) & (largest <= limit)
    return usable
