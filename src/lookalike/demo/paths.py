"""Outlines in garment coordinates: the notation of SVG paths, mirrored and flattened to points."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from math import comb, hypot
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]
Points: TypeAlias = list[Point]

_STEPS = 20
_DEGREE = {"M": 1, "L": 1, "Q": 2, "C": 3}


def trace(text: str) -> Points:
    """The points of a path written with `M`, `L`, `Q` and `C` in absolute coordinates."""
    points: Points = []
    for command, numbers in re.findall(r"([MLQC])([^MLQC]*)", text):
        values = [float(number) for number in numbers.split()]
        pairs = list(zip(values[::2], values[1::2], strict=True))
        degree = _DEGREE[command]
        for start in range(0, len(pairs), degree):
            control = pairs[start : start + degree]
            points += control if degree == 1 else _bezier([points[-1], *control])
    return points


def mirrored(points: Iterable[Point]) -> Points:
    """The same points on the other side of the vertical axis."""
    return [(-x, y) for x, y in points]


def symmetric(text: str) -> Points:
    """A closed outline from its right half, written from the top of the axis to its bottom."""
    half = trace(text)
    return half + mirrored(reversed(half))


def ellipse(x: float, y: float, rx: float, ry: float) -> Points:
    """A closed ellipse around (x, y)."""
    k = 0.5523
    return trace(
        f"M {x + rx} {y} C {x + rx} {y + k * ry} {x + k * rx} {y + ry} {x} {y + ry} "
        f"{x - k * rx} {y + ry} {x - rx} {y + k * ry} {x - rx} {y} "
        f"{x - rx} {y - k * ry} {x - k * rx} {y - ry} {x} {y - ry} "
        f"{x + k * rx} {y - ry} {x + rx} {y - k * ry} {x + rx} {y}"
    )


def dashes(path: Sequence[Point], length: float) -> list[tuple[Point, Point]]:
    """The two ends of each dash when a path is cut into dashes and gaps of one length."""
    ends = [path[0]]
    ahead = length
    for (x0, y0), (x1, y1) in pairwise(path):
        stretch = hypot(x1 - x0, y1 - y0)
        while ahead <= stretch:
            share = ahead / stretch
            ends.append((x0 + (x1 - x0) * share, y0 + (y1 - y0) * share))
            ahead += length
        ahead -= stretch
    return list(zip(ends[::2], ends[1::2], strict=False))


def _bezier(control: Sequence[Point]) -> Points:
    return [
        (
            sum(weight * x for weight, (x, _) in zip(weights, control, strict=True)),
            sum(weight * y for weight, (_, y) in zip(weights, control, strict=True)),
        )
        for weights in _bernstein(len(control) - 1)
    ]


@cache
def _bernstein(degree: int) -> list[list[float]]:
    """The weights of the control points at each step along a Bezier curve."""
    return [
        [comb(degree, i) * t**i * (1 - t) ** (degree - i) for i in range(degree + 1)]
        for t in (step / _STEPS for step in range(1, _STEPS + 1))
    ]
