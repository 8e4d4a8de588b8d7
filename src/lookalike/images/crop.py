"""The part of an image that is meant: a box in fractions of its sides, or in pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

from lookalike.errors import UsageError

Box: TypeAlias = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Crop:
    """A box of an upright image: its left and upper edge, its width and its height.

    Where none of the four is above 1 they are fractions of the image's sides, else pixels of
    the original. Raises `UsageError` for a box without area or with an edge below 0.
    """

    x: float
    y: float
    width: float
    height: float

    def __post_init__(self) -> None:
        values = (self.x, self.y, self.width, self.height)
        if not all(map(math.isfinite, values)) or min(values) < 0 or not min(values[2:]) > 0:
            raise UsageError(
                f"A crop is x,y,width,height, none below 0, with an area; not {self.written}."
            )

    @property
    def written(self) -> str:
        """As it is written: `x,y,width,height`."""
        return f"{self.x:g},{self.y:g},{self.width:g},{self.height:g}"

    def box(self, width: int, height: int) -> Box:
        """Left, upper, right and lower edge in pixels of an image of that size.

        A pixel that the box is too wide is cut off. Raises `UsageError` if it leaves the image
        by more.
        """
        x, y, w, h = self.x, self.y, self.width, self.height
        if max(x, y, w, h) <= 1:
            x, y, w, h = x * width, y * height, w * width, h * height
        if x + w > width + 1 or y + h > height + 1:
            raise UsageError(
                f"The crop {self.written} leaves the image, which is {width} x {height} pixels."
            )
        left, upper = min(round(x), width - 1), min(round(y), height - 1)
        right, lower = min(round(x + w), width), min(round(y + h), height)
        return left, upper, max(right, left + 1), max(lower, upper + 1)
