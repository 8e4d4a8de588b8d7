"""The fabrics garments are cut from: plain, striped, checked, dotted, chevron, floral."""

from __future__ import annotations

from math import cos, radians, sin
from random import Random

from PIL import ImageDraw

from lookalike.demo.canvas import UNIT, Fabric, Place
from lookalike.demo.dyes import Colour, Dye, mix
from lookalike.demo.paths import Point

PATTERNS = ("plain", "striped", "checked", "dotted", "chevron", "floral")
_REACH = 46.0


def fabric(pattern: str, dye: Dye, rng: Random) -> Fabric:
    """The fabric of a pattern; `rng` settles its scale and where it starts."""
    scale = rng.uniform(0.85, 1.2)
    phase = rng.uniform(0, 10)
    match pattern:
        case "striped":
            return _striped(dye.accent, 7.0 * scale, rng.uniform(0.28, 0.5), phase)
        case "checked":
            return _checked(dye, 8.0 * scale, phase)
        case "dotted":
            return _dotted(dye.accent, 6.4 * scale, rng.uniform(0.2, 0.28), phase)
        case "chevron":
            return _chevron(dye.accent, 8.0 * scale, phase)
        case "floral":
            return _floral(dye, 11.5 * scale, rng)
        case _:
            return lambda _draw, _place: None


def _steps(period: float, phase: float) -> list[float]:
    count = int(2 * _REACH / period) + 2
    return [phase % period - period - _REACH + i * period for i in range(count)]


def _quad(place: Place, x0: float, y0: float, x1: float, y1: float) -> list[Point]:
    return [place(x0, y0), place(x1, y0), place(x1, y1), place(x0, y1)]


def _striped(colour: Colour, period: float, share: float, phase: float) -> Fabric:
    def weave(draw: ImageDraw.ImageDraw, place: Place) -> None:
        for y in _steps(period, phase):
            draw.polygon(_quad(place, -_REACH, y, _REACH, y + share * period), fill=colour)

    return weave


def _checked(dye: Dye, period: float, phase: float) -> Fabric:
    half = mix(dye.cloth, dye.accent, 0.45)
    starts = _steps(period, phase)
    band = period / 2

    def weave(draw: ImageDraw.ImageDraw, place: Place) -> None:
        for start in starts:
            draw.polygon(_quad(place, -_REACH, start, _REACH, start + band), fill=half)
            draw.polygon(_quad(place, start, -_REACH, start + band, _REACH), fill=half)
        for x in starts:
            for y in starts:
                draw.polygon(_quad(place, x, y, x + band, y + band), fill=dye.accent)

    return weave


def _dotted(colour: Colour, period: float, radius: float, phase: float) -> Fabric:
    def weave(draw: ImageDraw.ImageDraw, place: Place) -> None:
        r = radius * period * UNIT
        for row, y in enumerate(_steps(period * 0.75, phase)):
            for x in _steps(period, phase + period / 2 * (row % 2)):
                draw.circle(place(x, y), r, fill=colour)

    return weave


def _chevron(colour: Colour, period: float, phase: float) -> Fabric:
    half, drop, band = period * 0.75, period * 0.55, period * 0.42

    def weave(draw: ImageDraw.ImageDraw, place: Place) -> None:
        xs = _steps(half, phase)
        for y in _steps(period, phase):
            top = [place(x, y + drop * (i % 2)) for i, x in enumerate(xs)]
            low = [place(x, y + band + drop * (i % 2)) for i, x in enumerate(xs)]
            draw.polygon(top + low[::-1], fill=colour)

    return weave


def _floral(dye: Dye, period: float, rng: Random) -> Fabric:
    leaf = mix(dye.accent, (70, 120, 80), 0.65)
    heart = mix(dye.accent, (236, 178, 60), 0.8)
    flowers = [
        (
            x + rng.uniform(-0.16, 0.16) * period + period / 2 * (row % 2),
            y + rng.uniform(-0.16, 0.16) * period,
            rng.uniform(0.8, 1.15),
            rng.uniform(0, 72),
        )
        for row, y in enumerate(_steps(period * 0.8, 0))
        for x in _steps(period, 0)
    ]

    def disc(draw: ImageDraw.ImageDraw, centre: Point, r: float, colour: Colour) -> None:
        draw.circle(centre, r * UNIT, fill=colour)

    def weave(draw: ImageDraw.ImageDraw, place: Place) -> None:
        for x, y, size, turn in flowers:
            u = size * period / 11.5
            for side in (36, 180 + 36):
                a = radians(turn + side)
                tip = (x + 4.6 * u * cos(a), y + 4.6 * u * sin(a))
                wide = [(x + 2.6 * u * cos(a + d), y + 2.6 * u * sin(a + d)) for d in (0.42, -0.42)]
                draw.polygon([place(*p) for p in ((x, y), wide[0], tip, wide[1])], fill=leaf)
            for petal in range(5):
                a = radians(turn + 72 * petal)
                disc(draw, place(x + 1.7 * u * cos(a), y + 1.7 * u * sin(a)), 1.25 * u, dye.accent)
            disc(draw, place(x, y), 0.95 * u, heart)

    return weave
