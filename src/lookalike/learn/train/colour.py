"""The colour of pictures as something to be learned: the dominant one, or the whole histogram."""

from __future__ import annotations

import numpy as np

from lookalike.models.classic.histogram import LIGHTNESS, OPPONENT, SHAPE, ColourHistogram
from lookalike.types import Floats, Pixels

SIZES = {"dominant": 3, "histogram": int(np.prod(SHAPE))}
"""Values of each target."""
_SPREAD = 0.1
"""OKLab colours are divided by it, so that their errors weigh about as much as a class's."""
_STEP = 256


def colour_targets(pixels: Pixels, kind: str) -> Floats:
    """uint8 (n, side, side, 3) -> float32 (n, 3) or (n, 968).

    "dominant" is the colour of the fullest bin of the histogram with its neighbours, in OKLab by
    tenths; "histogram" are the shares of its bins, which sum to 1. Backdrops hardly count (see
    `ColourHistogram`).
    """
    describe = ColourHistogram().run
    found = []
    for start in range(0, len(pixels), _STEP):
        shares = describe(np.asarray(pixels[start : start + _STEP])) ** 2
        shares /= shares.sum(axis=1, keepdims=True)
        found.append(shares if kind == "histogram" else np.stack([*map(_dominant, shares)]))
    return np.concatenate(found).astype(np.float32)


def _dominant(shares: Floats) -> Floats:
    bins = shares.reshape(SHAPE)
    peak = np.unravel_index(int(bins.argmax()), SHAPE)
    around = tuple(slice(max(0, i - 1), i + 2) for i in peak)
    knots = [k[s] for k, s in zip((LIGHTNESS, OPPONENT, OPPONENT), around, strict=True)]
    grid = np.stack(np.meshgrid(*knots, indexing="ij"), axis=-1)
    near = bins[around]
    colour: Floats = (grid * near[..., None]).sum(axis=(0, 1, 2)) / near.sum() / _SPREAD
    return colour
