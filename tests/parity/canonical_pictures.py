"""Generated pictures of many sizes and shapes: the same bytes everywhere, so none is stored."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Grid = NDArray[np.int64]


def gradient(x: Grid, y: Grid, width: int, height: int) -> Grid:
    return np.stack([x * 255 // width, y * 255 // height, (x + y) * 255 // (width + height)], -1)


def noise(x: Grid, y: Grid, *_: int) -> Grid:
    """Each value from an integer hash of its place."""
    mixed = x * 73_856_093 ^ y * 19_349_663
    return np.stack([(mixed * prime >> 11) & 255 for prime in (2_654_435, 805_459, 3_266_489)], -1)


def discs(x: Grid, y: Grid, width: int, height: int) -> Grid:
    picture = np.full((*x.shape, 3), 235)
    for across, down, part, colour in (
        (30, 35, 22, (200, 40, 60)),
        (62, 55, 28, (40, 90, 190)),
        (50, 80, 12, (30, 160, 80)),
    ):
        radius = part * min(width, height) // 100
        inside = (x - across * width // 100) ** 2 + (y - down * height // 100) ** 2 < radius**2
        picture[inside] = colour
    return picture


def checks(x: Grid, y: Grid, *_: int) -> Grid:
    dark = ((x // 13 + y // 17) % 2)[..., None]
    return np.where(dark, (25, 30, 70), (245, 220, 180))


def stripes(x: Grid, y: Grid, *_: int) -> Grid:
    wide, narrow = (x + 2 * y) % 40 < 18, (3 * x - y) % 23 < 4
    picture = np.where(wide[..., None], (230, 90, 40), (250, 245, 235))
    return np.where(narrow[..., None], (20, 110, 120), picture)


def soft_noise(x: Grid, y: Grid, width: int, height: int) -> Grid:
    return (3 * gradient(x, y, width, height) + noise(x, y)) // 4


PICTURES: dict[str, tuple[Callable[..., Grid], int, int]] = {
    "gradient-640x480": (gradient, 640, 480),
    "noise-300x300": (noise, 300, 300),
    "discs-480x721": (discs, 480, 721),
    "checks-1201x333": (checks, 1201, 333),
    "stripes-257x256": (stripes, 257, 256),
    "soft-noise-100x81": (soft_noise, 100, 81),
    "discs-1600x1200": (discs, 1600, 1200),
    "stripes-400x900": (stripes, 400, 900),
    "noise-1024x768": (noise, 1024, 768),
}
"""Name -> what draws it, its width and its height."""


def draw(name: str) -> Image.Image:
    """The RGB picture of that name."""
    paint, width, height = PICTURES[name]
    y, x = np.mgrid[:height, :width]
    return Image.fromarray(paint(x, y, width, height).astype(np.uint8))
