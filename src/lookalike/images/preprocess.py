"""Preprocessing as data: how an upright RGB picture becomes a model's square of pixels."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from PIL import Image

from lookalike.types import Pixels

Interpolation = Literal["bicubic", "bilinear", "lanczos", "nearest"]
FILTERS: dict[str, Image.Resampling] = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "lanczos": Image.Resampling.LANCZOS,
    "nearest": Image.Resampling.NEAREST,
}


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """The part of preprocessing that works on pixels.

    The shorter side is resized to `shorter_side` with an antialiased filter, then the
    central `crop` x `crop` square is cut out. `mean` and `scale` (per channel, 0..255) are
    applied by the network itself: (x - mean) / scale.
    """

    shorter_side: int
    crop: int
    interpolation: Interpolation
    mean: tuple[float, float, float]
    scale: tuple[float, float, float]

    @property
    def decode_side(self) -> int:
        """The least shorter side a reduced-scale JPEG decode may leave: twice the target."""
        return 2 * self.shorter_side

    def as_recipe(self) -> dict[str, Any]:
        """Plain data for a space's recipe."""
        return asdict(self)

    @classmethod
    def from_recipe(cls, recipe: dict[str, Any]) -> Preprocessing:
        """The inverse of `as_recipe`, also after a trip through JSON."""
        return cls(
            shorter_side=int(recipe["shorter_side"]),
            crop=int(recipe["crop"]),
            interpolation=recipe["interpolation"],
            mean=_triple(recipe["mean"]),
            scale=_triple(recipe["scale"]),
        )


def _triple(values: list[float] | tuple[float, ...]) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue


def crop_to_input(rgb: Image.Image, spec: Preprocessing) -> Image.Image:
    """Resize and centre-crop in one pass: an RGB image of `crop` x `crop`.

    Only the pixels that survive the crop are computed. The filter samples the same places as
    resizing the whole picture first, so the result is the same to a rounding step.
    """
    width, height = rgb.size
    side, crop = spec.shorter_side, spec.crop
    if width <= height:
        new_width, new_height = side, max(side, round(height * side / width))
    else:
        new_width, new_height = max(side, round(width * side / height)), side
    left, top = round((new_width - crop) / 2), round((new_height - crop) / 2)
    step_x, step_y = width / new_width, height / new_height
    box = (left * step_x, top * step_y, (left + crop) * step_x, (top + crop) * step_y)
    bounded = (box[0], box[1], min(box[2], width), min(box[3], height))
    return rgb.resize((crop, crop), FILTERS[spec.interpolation], box=bounded)


def to_input(rgb: Image.Image, spec: Preprocessing) -> Pixels:
    """The model's input: uint8 of shape (crop, crop, 3)."""
    return np.asarray(crop_to_input(rgb, spec))
