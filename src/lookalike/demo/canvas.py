"""The sheet a garment is drawn on: its pose, and its parts in cloth or in one colour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, cos, floor, radians, sin
from random import Random
from typing import TypeAlias

from PIL import Image, ImageDraw

from lookalike.demo.dyes import Colour, Dye
from lookalike.demo.light import light
from lookalike.demo.paths import Point, Points, dashes, trace

SIDE = 400
_OVERSAMPLING = 3
_LARGE = SIDE * _OVERSAMPLING
UNIT = _LARGE / 100
_HAIR = round(0.32 * UNIT)

Place: TypeAlias = Callable[[float, float], Point]
Fabric: TypeAlias = Callable[[ImageDraw.ImageDraw, Place], None]


@dataclass(frozen=True, slots=True)
class Pose:
    """How a garment lies: degrees, scale of width and height, offset in hundredths of the side."""

    turn: float
    width: float
    height: float
    offset: Point


class Canvas:
    """Draws in garment coordinates: (0, 0) in the middle, 100 units a side, y downwards."""

    def __init__(self, pose: Pose, dye: Dye, fabric: Fabric, ground: Colour) -> None:
        self.dye = dye
        self._pose = pose
        self._fabric = fabric
        self._place = _placing(pose)
        self._image = Image.new("RGB", (_LARGE, _LARGE), ground)
        self._draw = ImageDraw.Draw(self._image)
        self._mask = Image.new("L", (_LARGE, _LARGE), 0)
        self._cut = ImageDraw.Draw(self._mask)

    def cloth(self, outline: Points, grain: float = 0.0) -> None:
        """A part cut from the patterned fabric, its grain turned by so many degrees."""
        pixels = self._pixels(outline)
        left, top = (floor(min(values)) for values in zip(*pixels, strict=True))
        right, bottom = (ceil(max(values)) + 1 for values in zip(*pixels, strict=True))
        size = right - left, bottom - top
        piece = Image.new("RGB", size, self.dye.cloth)
        self._fabric(ImageDraw.Draw(piece), _placing(self._pose, grain, (left, top)))
        stencil = Image.new("L", size, 0)
        ImageDraw.Draw(stencil).polygon([(x - left, y - top) for x, y in pixels], fill=255)
        self._image.paste(piece, (left, top), stencil)
        self._edge(outline)

    def plain(self, outline: Points, colour: Colour) -> None:
        """A part of one colour."""
        self._draw.polygon(self._pixels(outline), fill=colour)
        self._edge(outline)

    def seam(self, path: Points, width: float = 0.35, colour: Colour | None = None) -> None:
        """A line along a path; `width` in units."""
        self._line(self._draw, path, colour or self.dye.seam, width)

    def strap(self, path: Points, width: float, colour: Colour) -> None:
        """A band along a path that stands out of the garment, such as a handle."""
        self._line(self._draw, path, self.dye.seam, width + 0.6)
        self._line(self._cut, path, 255, width + 0.6)
        self._line(self._draw, path, colour, width)

    def stitches(self, path: Points, dash: float = 0.9) -> None:
        """A dashed line along a path."""
        for start, end in dashes(path, dash):
            self.seam([start, end], 0.3)

    def button(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A round button that keeps its shape however the garment is stretched."""
        self._draw.circle(self._place(x, y), radius * UNIT, colour, self.dye.seam, _HAIR)

    def finish(self, folds: int, rng: Random) -> Image.Image:
        """The picture, `SIDE` x `SIDE` pixels, with smooth edges and so many folds in the cloth."""
        picture = self._image.reduce(_OVERSAMPLING)
        mask = self._mask.reduce(_OVERSAMPLING)
        return light(picture, mask, self._folds(folds, rng), self._folds(folds, rng))

    def _folds(self, count: int, rng: Random) -> list[Points]:
        folds = []
        for _ in range(count):
            x, y = rng.uniform(-20, 20), rng.uniform(-30, 5)
            lean, length, width = rng.uniform(-6, 6), rng.uniform(22, 42), rng.uniform(0.9, 1.7)
            fold = trace(
                f"M {x} {y} Q {x - width} {y + length / 2} {x + lean} {y + length} "
                f"Q {x + width * 2} {y + length / 2} {x} {y}"
            )
            folds.append([(a / _OVERSAMPLING, b / _OVERSAMPLING) for a, b in self._pixels(fold)])
        return folds

    def _pixels(self, points: Points) -> Points:
        return [self._place(x, y) for x, y in points]

    def _edge(self, outline: Points) -> None:
        pixels = self._pixels(outline)
        self._cut.polygon(pixels, fill=255)
        self._draw.line([*pixels, *pixels[:2]], self.dye.seam, _HAIR, joint="curve")
        self._cut.line([*pixels, *pixels[:2]], 255, _HAIR, joint="curve")

    def _line(
        self, draw: ImageDraw.ImageDraw, path: Points, colour: Colour | int, width: float
    ) -> None:
        draw.line(self._pixels(path), colour, round(width * UNIT), joint="curve")


def _placing(pose: Pose, grain: float = 0.0, origin: Point = (0, 0)) -> Place:
    """From garment units, in cloth turned by `grain` degrees, to pixels counted from `origin`."""
    c, s = cos(radians(pose.turn)), sin(radians(pose.turn))
    gc, gs = cos(radians(grain)), sin(radians(grain))
    xx, xy = c * gc * pose.width - s * gs * pose.height, -c * gs * pose.width - s * gc * pose.height
    yx, yy = s * gc * pose.width + c * gs * pose.height, -s * gs * pose.width + c * gc * pose.height
    dx = (50 + pose.offset[0]) * UNIT - origin[0]
    dy = (50 + pose.offset[1]) * UNIT - origin[1]

    def place(x: float, y: float) -> Point:
        return (xx * x + xy * y) * UNIT + dx, (yx * x + yy * y) * UNIT + dy

    return place
