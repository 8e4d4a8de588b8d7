"""Altered copies of photos, of which a near-duplicate search has to find every one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

Change = Callable[[Image.Image, np.random.Generator], Image.Image]
QUALITY = 90


def _same(rgb: Image.Image, _: np.random.Generator) -> Image.Image:
    return rgb


def _resized(factor: float) -> Change:
    def change(rgb: Image.Image, _: np.random.Generator) -> Image.Image:
        size = (max(1, round(rgb.width * factor)), max(1, round(rgb.height * factor)))
        return rgb.resize(size, Image.Resampling.LANCZOS)

    return change


def _cropped(share: float) -> Change:
    """`share` of the width and of the height is cut off, somewhere."""

    def change(rgb: Image.Image, chance: np.random.Generator) -> Image.Image:
        width, height = round(rgb.width * (1 - share)), round(rgb.height * (1 - share))
        left = int(chance.integers(0, rgb.width - width + 1))
        top = int(chance.integers(0, rgb.height - height + 1))
        return rgb.crop((left, top, left + width, top + height))

    return change


def _brightened(factor: float) -> Change:
    return lambda rgb, _: ImageEnhance.Brightness(rgb).enhance(factor)


def _watermarked(rgb: Image.Image, _: np.random.Generator) -> Image.Image:
    layer = Image.new("RGBA", rgb.size)
    font = ImageFont.load_default(max(12, rgb.width // 9))
    pen = ImageDraw.Draw(layer)
    for share in (0.3, 0.7):
        place = (rgb.width / 2, rgb.height * share)
        pen.text(place, "SAMPLE COPY", (255, 255, 255, 140), font, anchor="mm")
    return Image.alpha_composite(rgb.convert("RGBA"), layer).convert("RGB")


def _padded(rgb: Image.Image, _: np.random.Generator) -> Image.Image:
    border = round(0.1 * max(rgb.size))
    return ImageOps.expand(rgb, border, "white")


CHANGES: Mapping[str, tuple[Change, int]] = {
    "quality 30": (_same, 30),
    "quality 60": (_same, 60),
    "quality 90": (_same, 90),
    "resized 0.5x": (_resized(0.5), QUALITY),
    "resized 0.75x": (_resized(0.75), QUALITY),
    "resized 1.5x": (_resized(1.5), QUALITY),
    "resized 2x": (_resized(2.0), QUALITY),
    "cropped 5 %": (_cropped(0.05), QUALITY),
    "cropped 10 %": (_cropped(0.10), QUALITY),
    "cropped 15 %": (_cropped(0.15), QUALITY),
    "cropped 20 %": (_cropped(0.20), QUALITY),
    "cropped 25 %": (_cropped(0.25), QUALITY),
    "darker 0.6": (_brightened(0.6), QUALITY),
    "brighter 1.4": (_brightened(1.4), QUALITY),
    "grey": (lambda rgb, _: rgb.convert("L").convert("RGB"), QUALITY),
    "flipped": (lambda rgb, _: ImageOps.mirror(rgb), QUALITY),
    "rotated 90": (lambda rgb, _: rgb.transpose(Image.Transpose.ROTATE_90), QUALITY),
    "watermarked": (_watermarked, QUALITY),
    "padded 10 %": (_padded, QUALITY),
}
"""What is done to a photo, and the JPEG quality with which the copy is written."""


def write_altered(photos: Sequence[Path], folder: Path, seed: int = 0) -> dict[str, Path]:
    """A folder of copies for each change, named as the photos; folders by the change."""
    folders = {}
    for number, (name, (change, quality)) in enumerate(CHANGES.items()):
        place = folder / name.replace(" ", "-").replace("-%", "")
        place.mkdir(parents=True)
        for photo in photos:
            chance = np.random.default_rng([seed, number, len(photo.stem), ord(photo.stem[0])])
            with Image.open(photo) as image:
                upright = ImageOps.exif_transpose(image).convert("RGB")
            change(upright, chance).save(place / f"{photo.stem}.jpg", quality=quality)
        folders[name] = place
    return folders
