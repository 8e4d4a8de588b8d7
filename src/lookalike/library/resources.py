"""What a library may use of the machine: cores, runtime, limits."""

from __future__ import annotations

import os
from dataclasses import dataclass

from lookalike.embed.embedder import BATCH, Embedder
from lookalike.images.limits import DEFAULT_LIMITS, Limits
from lookalike.images.pool import DecodePool
from lookalike.images.preprocess import Preprocessing
from lookalike.models.model import find_model

SLOTS_PER_WORKER = 16
"""Decoded images that may wait for the network, for each decoder process."""


def cores() -> int:
    """Processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Resources:
    """`runtime`: auto, onnx, openvino; `precision`: auto, fp32, bf16; `workers`: decoders."""

    runtime: str = "auto"
    precision: str = "auto"
    workers: int | None = None
    limits: Limits = DEFAULT_LIMITS

    def embedder(self, model: str, *, normalised: bool, many: bool) -> Embedder:
        """The model's network, opened for `many` images on all cores, or for a query."""
        return Embedder(
            find_model(model),
            normalised=normalised,
            runtime=self.runtime,
            precision=self.precision,
            streams=cores() if many else 1,
            batch=BATCH if many else 1,
        )

    def pool(self, preprocessing: Preprocessing, *, thumbnails: bool) -> DecodePool:
        """Decoder processes for one run."""
        workers = self.workers or cores()
        return DecodePool(
            preprocessing,
            workers=workers,
            slots=workers * SLOTS_PER_WORKER,
            limits=self.limits,
            thumbnails=thumbnails,
        )
