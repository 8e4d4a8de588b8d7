"""Pixels to vectors for the parity tests, with a chosen runtime, precision, batch and streams."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import numpy as np
from canonical_pictures import PICTURES
from make_canonical import CANONICAL

from lookalike.embed.embedder import Embedder
from lookalike.embed.way import find_way
from lookalike.types import Floats, Pixels

WAY = find_way("efficientnet-lite0", normalised=True)
PREPROCESSING = WAY.model.preprocessing


@contextmanager
def opened(runtime: str, precision: str, *, batch: int = 4, streams: int = 1) -> Iterator[Embedder]:
    embedder = Embedder(WAY, runtime=runtime, precision=precision, batch=batch, streams=streams)
    with closing(embedder):
        assert (embedder.runtime, embedder.precision) == (runtime, precision)
        yield embedder


def vectors(embedder: Embedder, pixels: Pixels) -> Floats:
    """uint8 (n, 224, 224, 3) -> unit vectors (n, 1280), whatever the embedder's batch."""
    starts = range(0, len(pixels), embedder.batch)
    futures = [embedder.submit(pixels[start : start + embedder.batch]) for start in starts]
    results = [future.result() for future in futures]
    assert all(result.usable.all() for result in results)
    return np.concatenate([result.values for result in results])


def canonical() -> Floats:
    """What torch gave for the pictures, as unit vectors (n, 1280)."""
    with np.load(CANONICAL) as file:
        assert sorted(file.files) == sorted(PICTURES)
        found = np.stack([file[name] for name in PICTURES]).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)
