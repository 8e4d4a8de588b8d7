"""Thumbnails of a site as sheets: WebP files of sixteen, all tiles of one shape."""

from __future__ import annotations

import io
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

ACROSS = 4
"""Tiles in a row of a sheet, and rows in it."""
TILES = ACROSS * ACROSS
SIDE = 192
"""Pixels of a tile's longer side."""
_WIDEST = 4 / 3
_QUALITY = 74
_SAMPLE = 64
_EVEN = 4

Picture = Callable[[int], bytes | None]
"""The bytes of an image's thumbnail, None where there is none."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Pixels of a tile: all have those of the usual picture, so that most fill theirs."""

    width: int
    height: int


def usual_shape(count: int, picture: Picture) -> Shape:
    """The shape of tiles for images 0..count-1: that of the middle one, 3:4 to 4:3."""
    aspects: list[float] = []
    for number in range(0, count, max(1, count // _SAMPLE)):
        data = picture(number)
        if data is not None:
            with Image.open(io.BytesIO(data)) as image:
                aspects.append(image.width / image.height)
    aspect = min(max(statistics.median(aspects or [1.0]), 1 / _WIDEST), _WIDEST)
    width, height = SIDE * min(1.0, aspect), SIDE / max(1.0, aspect)
    return Shape(_EVEN * round(width / _EVEN), _EVEN * round(height / _EVEN))


def write_sheet(path: Path, numbers: Sequence[int], picture: Picture, shape: Shape) -> list[bool]:
    """Write a sheet of up to sixteen images; which of them have a picture.

    A sheet without any is not written.
    """
    rows = -(-len(numbers) // ACROSS)
    sheet = Image.new("RGBA", (ACROSS * shape.width, rows * shape.height))
    shown = []
    for place, number in enumerate(numbers):
        data = picture(number)
        shown.append(data is not None)
        if data is not None:
            tile = _tile(data, shape)
            down, right = divmod(place, ACROSS)
            left = right * shape.width + (shape.width - tile.width) // 2
            sheet.paste(tile, (left, down * shape.height + (shape.height - tile.height) // 2))
    if any(shown):
        whole = sheet.getchannel("A").getextrema()[0] == 255
        (sheet.convert("RGB") if whole else sheet).save(path, "WEBP", quality=_QUALITY, method=4)
    return shown


def _tile(data: bytes, shape: Shape) -> Image.Image:
    """A picture as large as fits; one that nearly has the shape is made to fill it."""
    with Image.open(io.BytesIO(data)) as image:
        rgb = image.convert("RGB")
    scale = min(shape.width / rgb.width, shape.height / rgb.height)
    size = (max(1, round(rgb.width * scale)), max(1, round(rgb.height * scale)))
    if size[0] >= 0.96 * shape.width and size[1] >= 0.96 * shape.height:
        size = (shape.width, shape.height)
    return rgb.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
