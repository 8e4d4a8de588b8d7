"""What runs may use of the machine: cores, runtime, limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lookalike.cores import cores
from lookalike.embed.crowd import CrowdEmbedder
from lookalike.embed.embedder import Embedder
from lookalike.embed.way import Way
from lookalike.errors import UsageError
from lookalike.images.crew import AT_ONCE
from lookalike.images.limits import DEFAULT_LIMITS, Limits
from lookalike.images.pool import DecodePool
from lookalike.images.preprocess import Preprocessing
from lookalike.models.network import Feeding, NetworkOptions

if TYPE_CHECKING:
    from lookalike.fetch.policy import FetchPolicy

SLOTS_PER_WORKER = 16
"""Decoded images that may wait for the network, for each decoder process."""


class LazyEmbedder:
    """An embedder that is opened when it is first asked for, and closed if it was."""

    def __init__(self, make: Callable[[], Embedder]) -> None:
        self._make = make
        self._opened: Embedder | None = None

    def get(self) -> Embedder:
        """The embedder, always the same."""
        if self._opened is None:
            self._opened = self._make()
        return self._opened

    def __enter__(self) -> LazyEmbedder:
        return self

    def close(self) -> None:
        """Let the embedder go, if it was opened."""
        if self._opened is not None:
            self._opened.close()

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Resources:
    """`runtime`: auto, onnx, openvino; `precision`: auto, fp32, bf16; `workers`: decoders.

    `cores`: how many may be kept busy, None for all that this process has.
    `device`: auto, cpu, or one that torch knows, such as cuda:1; `fetch`: what may be asked of
    the web, and for how much; `askers`: how many questions with images may come at once.

    Raises `UnknownNameError` for other names, `UsageError` for less than one worker.
    """

    runtime: str = "auto"
    precision: str = "auto"
    workers: int | None = None
    limits: Limits = DEFAULT_LIMITS
    device: str = "auto"
    fetch: FetchPolicy | None = None
    askers: int = 1
    on_batch: Callable[[int], None] = lambda _: None
    cores: int | None = None

    def __post_init__(self) -> None:
        NetworkOptions(self.runtime, self.precision)
        if self.workers is not None and self.workers < 1:
            raise UsageError(f"workers must be at least 1, not {self.workers}.")

    def embedder(self, way: Way, *, many: bool) -> Embedder:
        """The network of a way, opened for `many` images on all the machine, or for a query."""
        feeding = way.model.feeding(self.device) if many else Feeding(batch=1, streams=1)
        return Embedder(
            way,
            runtime=self.runtime,
            precision=self.precision,
            device=self.device,
            streams=feeding.streams or self.cores or cores(),
            batch=feeding.batch,
        )

    def query_embedder(self, way: Way) -> Embedder | CrowdEmbedder:
        """What sees the images of questions: one after the other, or many at once."""
        one = self.embedder(way, many=False)
        if self.askers == 1:
            return one
        pool = DecodePool(
            way.model.preprocessing,
            workers=self.workers or cores(),
            slots=self.askers,
            limits=self.limits,
        )
        return CrowdEmbedder(one, self.embedder(way, many=True), pool, self.on_batch)

    def fetched(self, url: str) -> bytes:
        """The bytes of the image at a URL. Raises `FetchError`."""
        from lookalike.fetch.one import fetch_bytes
        from lookalike.fetch.policy import FetchPolicy

        return fetch_bytes(url, self.fetch or FetchPolicy())

    def lazy_embedder(self, way: Way) -> LazyEmbedder:
        """The same for many images, opened when the first of them is there."""
        return LazyEmbedder(lambda: self.embedder(way, many=True))

    def pool(self, preprocessing: Preprocessing, *, thumbnails: bool) -> DecodePool:
        """Decoder processes for one run."""
        workers = self.workers or self.cores or cores()
        return DecodePool(
            preprocessing,
            workers=workers,
            slots=workers * SLOTS_PER_WORKER,
            limits=self.limits,
            thumbnails=thumbnails,
            backlog=AT_ONCE,
        )
