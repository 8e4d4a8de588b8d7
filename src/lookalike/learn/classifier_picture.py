"""Two curves of a classifier as one picture: accuracy against coverage, and reliability."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from lookalike.learn.classifier_figures import Figures

SIDE, MARGIN = 720, 130
"""Pixels of a diagram's side, and around it."""
_INK, _MUTED, _GRID, _PAPER = (30, 34, 38), (110, 116, 122), (224, 224, 220), (255, 255, 255)
_CURVE, _DOTS = (11, 114, 104), (180, 85, 45)
_STEPS = 5

Point = tuple[float, float]


def classifier_picture(figures: Figures) -> bytes:
    """A PNG, 1830 x 980 pixels: how right the surest answers are, and whether chances hold."""
    size = (2 * SIDE + 3 * MARGIN, SIDE + 2 * MARGIN)
    image = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(image)
    lowest = min(one.accuracy for one in figures.curve)
    floor = 0.5 if lowest >= 0.5 else 0.0
    frame = _Frame(draw, MARGIN, floor, "Accuracy of the surest answers", "share answered")
    frame.line([(one.coverage, one.accuracy) for one in figures.curve], _CURVE)
    other = _Frame(draw, 2 * MARGIN + SIDE, 0.0, "Do chances hold?", "chance, as said")
    other.line([(0, 0), (1, 1)], _MUTED, 2)
    bins = figures.reliability
    other.line([(one.chance, one.share) for one in bins], _DOTS)
    most = max(one.count for one in bins)
    for one in bins:
        other.dot((one.chance, one.share), 5 + 16 * (one.count / most) ** 0.5)
    other.note(f"calibration error {figures.calibration_error:.3f}, {figures.images:,} images")
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


class _Frame:
    """A square with axes: 0..1 across, `floor`..1 upward."""

    def __init__(
        self, draw: ImageDraw.ImageDraw, left: int, floor: float, title: str, across: str
    ) -> None:
        self._draw, self._left, self._floor = draw, left, floor
        self._font = ImageFont.load_default(26)
        draw.text((left, MARGIN // 2 - 20), title, _INK, ImageFont.load_default(36))
        for step in range(_STEPS + 1):
            share = step / _STEPS
            height = floor + share * (1 - floor)
            self.line([(share, floor), (share, 1)], _GRID, 2)
            self.line([(0, height), (1, height)], _GRID, 2)
            x, y = self._at((share, height))
            draw.text((x, MARGIN + SIDE + 12), f"{share:.1f}", _MUTED, self._font, anchor="mt")
            draw.text((left - 14, y), f"{height:.2g}", _MUTED, self._font, anchor="rm")
        middle = left + SIDE / 2
        draw.text((middle, MARGIN + SIDE + 52), across, _INK, self._font, anchor="mt")
        draw.text((left, MARGIN - 14), "share right", _INK, self._font, anchor="lb")

    def line(self, points: Sequence[Point], colour: tuple[int, int, int], width: int = 5) -> None:
        """A line through points, as the axes measure."""
        self._draw.line([self._at(point) for point in points], colour, width, joint="curve")

    def dot(self, point: Point, radius: float) -> None:
        """A filled circle."""
        x, y = self._at(point)
        self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), _DOTS)

    def note(self, text: str) -> None:
        """Words in the upper left corner."""
        self._draw.text((self._left + 20, MARGIN + 18), text, _INK, self._font)

    def _at(self, point: Point) -> Point:
        across, up = point
        height = (up - self._floor) / (1 - self._floor)
        return self._left + across * SIDE, MARGIN + SIDE * (1 - height)
