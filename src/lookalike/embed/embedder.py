"""Pixels to vectors: batches of one fixed shape, side by side on several streams."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from lookalike.images.preprocess import Preprocessing
from lookalike.models.model import Model
from lookalike.models.network import NetworkOptions
from lookalike.models.recipe import Recipe
from lookalike.types import Floats, Pixels

BATCH = 4
"""Images a batch. On a CPU, small batches stay in the caches and are the fastest."""


class Embedder:
    """A loaded network and the threads that feed it, for one recipe."""

    def __init__(
        self,
        model: Model,
        *,
        normalised: bool,
        runtime: str = "auto",
        precision: str = "auto",
        streams: int = 1,
        batch: int = BATCH,
    ) -> None:
        self.recipe: Recipe = model.recipe(normalised=normalised)
        self.batch = batch
        self.streams = streams
        self._network = model.open(NetworkOptions(runtime, precision, batch, streams))
        self._threads = ThreadPoolExecutor(streams, thread_name_prefix="embed")

    @property
    def preprocessing(self) -> Preprocessing:
        """What the network expects of its pixels."""
        return self.recipe.preprocessing

    @property
    def runtime(self) -> str:
        """`onnx` or `openvino`: what runs the network."""
        return self._network.runtime

    @property
    def precision(self) -> str:
        """`fp32` or `bf16`: what the network computes in."""
        return self._network.precision

    def embed(self, pixels: Pixels) -> Floats:
        """uint8 (n, side, side, 3) with any n -> float32 (n, dim).

        A row that is zero or not finite stays as it is: see `is_valid`.
        """
        starts = range(0, len(pixels), self.batch)
        futures = [self.submit(pixels[start : start + self.batch]) for start in starts]
        if not futures:
            return np.empty((0, self.recipe.dimension), np.float32)
        return np.concatenate([future.result() for future in futures])

    def submit(self, pixels: Pixels) -> Future[Floats]:
        """The same for at most `batch` images, on a thread of its own."""
        return self._threads.submit(self._run, pixels)

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _run(self, pixels: Pixels) -> Floats:
        count = len(pixels)
        if count < self.batch:
            full = np.zeros((self.batch, *pixels.shape[1:]), np.uint8)
            full[:count] = pixels
            pixels = full
        vectors = self._network.run(pixels)[:count]
        return unit_length(vectors) if self.recipe.normalised else vectors


def unit_length(vectors: Floats) -> Floats:
    """Rows scaled to length 1, float32 (n, dim); zero and non-finite rows stay as they are."""
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
    usable = np.isfinite(lengths) & (lengths > 0)
    divisors = np.where(usable, lengths, 1.0)[:, None]
    scaled: Floats = (vectors / divisors).astype(np.float32)
    return scaled


def is_valid(vector: Floats) -> bool:
    """True when every value is finite, as float16 too, and not all are zero."""
    largest = float(np.abs(vector).max())
    return bool(np.isfinite(largest)) and 0.0 < largest <= float(np.finfo(np.float16).max)
