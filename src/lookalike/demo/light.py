"""The light on a drawn garment: rounded edges, folds, a soft shadow behind, a darker far corner."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from lookalike.demo.paths import Points

_COARSE = 4


def light(
    picture: Image.Image, mask: Image.Image, hollows: Sequence[Points], ridges: Sequence[Points]
) -> Image.Image:
    """`picture` with light on it; `mask` (L) says where the garment is.

    `hollows` and `ridges` are outlines in pixels that are darkened and brightened. Everything
    soft is worked out at a quarter of the size, where blurring costs little.
    """
    coarse = mask.reduce(_COARSE)
    rim = _moved(_blurred(coarse, 3.2).point(lambda v: 120 + v * 135 // 255), 1, 1)
    inside = ImageChops.multiply(rim, ImageChops.invert(_folds(coarse.size, hollows, 72)))
    shadow = _moved(_blurred(coarse, 3.0), 2, 3).point(lambda v: 255 - v * 70 // 255)
    outside = ImageChops.multiply(shadow, _corners(coarse.size))
    shade = Image.composite(inside.resize(mask.size), outside.resize(mask.size), mask)
    gloss = ImageChops.multiply(_folds(coarse.size, ridges, 48).resize(mask.size), mask)
    shaded = ImageChops.multiply(picture, Image.merge("RGB", (shade,) * 3))
    return ImageChops.screen(shaded, Image.merge("RGB", (gloss,) * 3))


def _folds(size: tuple[int, int], outlines: Sequence[Points], strength: int) -> Image.Image:
    layer = Image.new("L", size, 0)
    draw = ImageDraw.Draw(layer)
    for outline in outlines:
        draw.polygon([(x / _COARSE, y / _COARSE) for x, y in outline], fill=strength)
    return _blurred(layer, 1.5)


def _blurred(layer: Image.Image, radius: float) -> Image.Image:
    return layer.filter(ImageFilter.GaussianBlur(radius))


def _moved(layer: Image.Image, right: int, down: int) -> Image.Image:
    return layer.crop((-right, -down, layer.width - right, layer.height - down))


@cache
def _corners(size: tuple[int, int]) -> Image.Image:
    distance = Image.radial_gradient("L").resize(size, Image.Resampling.BILINEAR)
    return distance.point(lambda v: 255 - max(0, v - 60) * 20 // 195)
