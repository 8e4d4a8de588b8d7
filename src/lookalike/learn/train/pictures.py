"""Decodes every picture once into a file of pixels, from which all epochs are read."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from lookalike.errors import ImageRejectedError, StorageFullError
from lookalike.images.pool import Decoded, DecodePool, SameContent
from lookalike.images.preprocess import Preprocessing
from lookalike.types import Location, Pixels

AHEAD = 8
"""Pictures under way for each decoder process."""
OnStep = Callable[[str, int, int], None]


def for_training(preprocessing: Preprocessing) -> Preprocessing:
    """The same, but the whole square before the centre is cut out: room for other crops."""
    if preprocessing.fit != "crop":
        return preprocessing
    return replace(preprocessing, crop=preprocessing.shorter_side)


def decode_all(
    ids: Sequence[str],
    locations: Sequence[Location],
    preprocessing: Preprocessing,
    path: Path,
    workers: int,
    on_step: OnStep,
) -> tuple[Pixels, dict[int, str]]:
    """Pixels uint8 (n, side, side, 3), mapped from `path`, and why some rows have none.

    A file that was finished for the same images is taken as it is. Raises `StorageFullError`.
    """
    side = preprocessing.crop
    shape = (len(ids), side, side, 3)
    said = path.with_suffix(".json")
    made_for = hashlib.sha256(
        json.dumps([list(ids), preprocessing.as_recipe()]).encode()
    ).hexdigest()
    with suppress(OSError, ValueError, KeyError):
        known = json.loads(said.read_text("utf-8"))
        if known["made_for"] == made_for and path.stat().st_size == np.prod(shape):
            bad = {int(row): reason for row, reason in known["rejected"].items()}
            return np.memmap(path, np.uint8, "r", shape=shape), bad
    said.unlink(missing_ok=True)
    try:
        pixels = np.memmap(path, np.uint8, "w+", shape=shape)
        rejected = _fill(pixels, locations, preprocessing, workers, on_step)
        pixels.flush()
        said.write_text(json.dumps({"made_for": made_for, "rejected": rejected}), "utf-8")
    except OSError as error:
        raise StorageFullError(
            f"{path} needs {np.prod(shape):,} bytes for the pixels of {len(ids):,} images: "
            f"{error.strerror}. Free some room, or train at a smaller size."
        ) from error
    return np.memmap(path, np.uint8, "r", shape=shape), rejected


def _fill(
    pixels: Pixels,
    locations: Sequence[Location],
    preprocessing: Preprocessing,
    workers: int,
    on_step: OnStep,
) -> dict[int, str]:
    rejected: dict[int, str] = {}
    waiting: deque[tuple[int, Future[Decoded | SameContent]]] = deque()

    def settle(pool: DecodePool) -> None:
        row, future = waiting.popleft()
        try:
            decoded = future.result()
        except ImageRejectedError as error:
            rejected[row] = str(error)
        else:
            if isinstance(decoded, Decoded):
                pixels[row] = pool.pixels(decoded)
                pool.release(decoded)
        if not row % 16:
            on_step("decoding", row, len(locations))

    with DecodePool(preprocessing, workers=workers, slots=AHEAD * workers) as pool:
        for row, location in enumerate(locations):
            if len(waiting) == AHEAD * workers:
                settle(pool)
            waiting.append((row, pool.submit(location)))
        while waiting:
            settle(pool)
    return rejected
