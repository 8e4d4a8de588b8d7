"""Preprocessing as data: how an upright RGB picture becomes a model's square of pixels."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from PIL import Image

from lookalike.types import Pixels

Fit = Literal["crop", "squash", "pad"]
Channels = Literal["rgb", "bgr"]
Rounding = Literal["nearest", "torchvision", "down"]
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

    `fit` says how a picture becomes a square of `crop` x `crop` pixels, always with an
    antialiased filter. "crop": its shorter side is resized to `shorter_side`, and the centre
    cut out. "squash": both sides are resized to `crop`. "pad": its longer side is, and the
    rest filled with black. `channels` ("rgb" or "bgr"), then `mean` and `scale` (of each, in
    0..255) are applied by the network itself: (x - mean) / scale.

    `rounding` matters for "crop", where the longer side or the corner of the crop falls between
    two pixels: "nearest", or as torchvision does it (the side down, the corner to the nearest),
    or both "down", as transformers does it. With these two the picture is resized as a whole and
    then cut, so that the pixels are those libraries' own to the last bit.
    """

    shorter_side: int
    crop: int
    interpolation: Interpolation
    mean: tuple[float, float, float]
    scale: tuple[float, float, float]
    fit: Fit = "crop"
    channels: Channels = "rgb"
    rounding: Rounding = "nearest"

    @property
    def decode_side(self) -> int:
        """The least shorter side a reduced-scale JPEG decode may leave: twice the target."""
        return 2 * self.shorter_side

    def as_recipe(self) -> dict[str, Any]:
        """Plain data for a space's recipe; the usual rounding goes without saying."""
        recipe = asdict(self)
        if self.rounding == "nearest":
            del recipe["rounding"]
        return recipe

    @classmethod
    def from_recipe(cls, recipe: dict[str, Any]) -> Preprocessing:
        """The inverse of `as_recipe`, also after a trip through JSON."""
        return cls(
            shorter_side=int(recipe["shorter_side"]),
            crop=int(recipe["crop"]),
            interpolation=recipe["interpolation"],
            mean=_triple(recipe["mean"]),
            scale=_triple(recipe["scale"]),
            fit=recipe.get("fit", "crop"),
            channels=recipe.get("channels", "rgb"),
            rounding=recipe.get("rounding", "nearest"),
        )


def _triple(values: list[float] | tuple[float, ...]) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue


def fit_to_input(rgb: Image.Image, spec: Preprocessing) -> Image.Image:
    """The picture as the model's square: RGB of `crop` x `crop`."""
    side, resample = spec.crop, FILTERS[spec.interpolation]
    if spec.fit == "squash":
        return rgb.resize((side, side), resample)
    if spec.fit == "pad":
        longer = max(rgb.size)
        size = tuple(max(1, round(length * side / longer)) for length in rgb.size)
        square = Image.new("RGB", (side, side))
        corner = ((side - size[0]) // 2, (side - size[1]) // 2)
        square.paste(rgb.resize((size[0], size[1]), resample), corner)
        return square
    if spec.rounding == "nearest":
        return _resize_and_crop(rgb, spec)
    return _resize_then_crop(rgb, spec)


def _resize_then_crop(rgb: Image.Image, spec: Preprocessing) -> Image.Image:
    """Resize the whole picture, then cut the centre out; black where it is too small."""
    shorter = min(rgb.size)
    width, height = (int(spec.shorter_side * length / shorter) for length in rgb.size)
    left, top = ((length - spec.crop) / 2 for length in (width, height))
    corner = (
        (round(left), round(top))
        if spec.rounding == "torchvision"
        else (math.floor(left), math.floor(top))
    )
    box = (*corner, corner[0] + spec.crop, corner[1] + spec.crop)
    return rgb.resize((width, height), FILTERS[spec.interpolation]).crop(box)


def _resize_and_crop(rgb: Image.Image, spec: Preprocessing) -> Image.Image:
    """Resize and centre-crop in one pass.

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
    return np.asarray(fit_to_input(rgb, spec))
