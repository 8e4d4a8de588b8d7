"""Named colours of a picture: its colour histogram, put into the words people use."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import UsageError
from lookalike.models.classic.histogram import LIGHTNESS, OPPONENT, SHAPE, blur
from lookalike.models.classic.oklab import to_oklab
from lookalike.types import Floats

# Examples of each, as they are on screens and as cloth of that name comes out on photos: a
# white shirt indoors is seldom lighter than c8c8c8, and denim is bluer to the eye than in sRGB.
_FOCAL: dict[str, str] = {
    "black": "000000 14141a 2a2a2f 38383c 241f1f 1c2420 302826",
    "white": "ffffff f4f4f2 ebebed e0e0e0 d6d6d4 c8c8c8 faf5ee e6e0d8 dfe4ec",
    "grey": "808080 96989c a8a8a8 606468 a09e9a 8c8a88 6a6660 505254",
    "red": "e00000 c81e28 a01818 ff3030 c83a3a 7c0a18 d03848 5a1a28 702838",
    "orange": "ff8000 e87020 ffa040 f06030 c86010",
    "yellow": "ffff00 f4cc58 ffe040 e8c020 fff080 d0b820 fffcb0 c8a030 c8b858 a89c40 d8e080",
    "green": (
        "008000 00c000 4e8a64 60a048 285030 a0d070 6b7a30 80a890 98c8a0 3a4a28 c8f8b8 0a3010 506048"
    ),
    "turquoise": "40e0d0 20b0b0 008080 70d0c8 30a0a8 a0e8e4",
    "blue": (
        "0000ff 2060d0 5c94d4 90b8e0 4078a8 b0d0f0 3a5a9a 6c88a8 c8f0fa 104888 "
        "5a6a88 7888a8 8c9cb8 50648a 202098"
    ),
    "navy": "000080 1c2a50 2c3c6a 141c38 24344c 181c2c 1e2438 10204a 384874",
    "purple": "800080 6a3a9a a060c0 502860 c0a0e0 8a5a9a d8c0f0 2c0838 704c68",
    "pink": "ff80c0 eea6b8 ffc0cb e85890 ff40a0 d88898 f8d0d8 c83878 ee82ee c8a0a8 e0b8b8 e8b0a0",
    "brown": "8b4513 946a4a 5c3a22 3e2a1e a87848 6e4e38 7a5c48 a08078",
    "beige": "f5f5dc e0d0b0 d2b48c c8b898 e8dac4 f0e0c0 b8a488 d8c4ac",
}
COLOURS = tuple(_FOCAL)
"""The eleven basic colour terms of Berlin and Kay (1969), and three that clothes need."""
_LIGHTNESS_WEIGHT = 0.6
_MOST = 3
_LEAST_SHARE = 0.15
_LEAST_PEAK = 0.01
_ROUNDS = 50
_TINY = np.finfo(np.float64).tiny


def _focal() -> tuple[Floats, list[str]]:
    names = [name for name, colours in _FOCAL.items() for _ in colours.split()]
    rgb = np.array([list(bytes.fromhex(c)) for cs in _FOCAL.values() for c in cs.split()], np.uint8)
    return to_oklab(rgb), names


_FOCAL_LAB, _FOCAL_NAMES = _focal()


def colour_name(lab: NDArray[np.floating]) -> str:
    """The name of one OKLab colour (3,): that of the nearest focal colour."""
    apart = (_FOCAL_LAB - lab) * (_LIGHTNESS_WEIGHT, 1, 1)
    return _FOCAL_NAMES[int(np.argmin((apart * apart).sum(axis=1)))]


def dominant_colours(vector: NDArray[np.floating]) -> list[tuple[str, float]]:
    """The one to three named colours that a picture mostly has, each with its share of 1.

    `vector` (968,) is its colour histogram, of any positive length. The fullest bin with its
    neighbours, among which soft bins spread a colour, is one colour; then the next of the rest.
    Colours after the first have a share of at least 0.15. Raises `UsageError` for a vector that
    is none.
    """
    if vector.shape != (np.prod(SHAPE),) or not vector.any():
        raise UsageError(f"A vector of shape {vector.shape} is no colour histogram.")
    rest = _sharpened(vector.astype(np.float64).reshape(SHAPE) ** 2)
    found: dict[str, float] = {}
    while not found or rest.max() > _LEAST_PEAK:
        peak = np.unravel_index(int(rest.argmax()), SHAPE)
        around = tuple(slice(max(0, i - 1), i + 2) for i in peak)
        near = rest[around]
        share = float(near.sum())
        knots = [k[s] for k, s in zip((LIGHTNESS, OPPONENT, OPPONENT), around, strict=True)]
        grid = np.stack(np.meshgrid(*knots, indexing="ij"), axis=-1)
        name = colour_name((grid * near[..., None]).sum(axis=(0, 1, 2)) / share)
        found[name] = found.get(name, 0.0) + share
        rest[around] = 0
    ranked = sorted(found.items(), key=lambda item: -item[1])
    return [ranked[0], *(item for item in ranked[1:_MOST] if item[1] >= _LEAST_SHARE)]


def _sharpened(blurred: NDArray[np.float64]) -> NDArray[np.float64]:
    """The shares, sum 1, before `histogram.blur`: Richardson (1972) and Lucy (1974)."""
    blurred = blurred / blurred.sum()
    shares = blurred
    for _ in range(_ROUNDS):
        shares = shares * blur(blurred / np.maximum(blur(shares), _TINY))
    whole: NDArray[np.float64] = shares / shares.sum()
    return whole
