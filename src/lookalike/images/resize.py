"""Resizing for keeps: a picture as a new file of the size, shape and format that is asked for."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from PIL import Image

from lookalike.errors import UsageError
from lookalike.images.decode import Picture, decode
from lookalike.images.limits import Limits

Shape: TypeAlias = Literal["no", "keep-ratio", "centre-crop", "border"]
FileFormat: TypeAlias = Literal["jpeg", "png", "webp"]
CHECKED_SIDE = 64
"""A JPEG that is kept as it is is decoded at this scale, to see that it is whole."""
SHRINK = Image.Resampling.HAMMING
"""As sharp as bicubic where pictures become smaller, at two thirds of its cost."""
SUFFIXES = {
    "JPEG": "jpg",
    "MPO": "jpg",
    "PNG": "png",
    "WEBP": "webp",
    "GIF": "gif",
    "BMP": "bmp",
    "DIB": "bmp",
    "TIFF": "tif",
    "AVIF": "avif",
    "JPEG2000": "jp2",
    "HEIF": "heic",
}


@dataclass(frozen=True, slots=True)
class Resizing:
    """What becomes of a picture. Raises `UsageError` for what cannot be.

    `keep-ratio` makes the shorter side `size` pixels; `centre-crop` then cuts the middle
    square out; `border` makes the longer side `size` and fills up to a square with white.
    With `only_larger`, a picture whose side is not above `size` is kept as it came. With
    `no` and no `file_format`, all are. `quality` is that of JPEG and WebP, 1 to 100.
    """

    shape: Shape = "no"
    size: int = 256
    only_larger: bool = False
    file_format: FileFormat | None = None
    quality: int = 92

    def __post_init__(self) -> None:
        if self.shape not in get_args(Shape):
            raise UsageError(f"--resize is {', '.join(get_args(Shape))}; not {self.shape!r}.")
        if self.file_format is not None and self.file_format not in get_args(FileFormat):
            known = ", ".join(get_args(FileFormat))
            raise UsageError(f"--image-format is {known}; not {self.file_format!r}.")
        if not (1 <= self.size <= 10_000 and 1 <= self.quality <= 100):
            raise UsageError("--size is 1 to 10,000 pixels, and --quality is 1 to 100.")

    @property
    def keeps(self) -> bool:
        """Whether files stay as they are."""
        return self.shape == "no" and self.file_format is None


@dataclass(frozen=True, slots=True)
class Resized:
    """A file and what is in it; `suffix` is what its name ends in."""

    data: bytes = field(repr=False)
    width: int
    height: int
    suffix: str


def resized(data: bytes, how: Resizing, limits: Limits) -> tuple[Mapping[str, Any], bytes]:
    """The fields of `Resized` and its new bytes; none where the file stays as it is.

    Every image is decoded, so that what is kept is whole. Raises `ImageRejectedError`.
    """
    side = CHECKED_SIDE if how.keeps else 0 if how.shape == "no" else 2 * how.size
    picture = decode(data, limits, shorter_side=side)
    if how.keeps or (how.only_larger and not _is_larger(picture, how)):
        facts = {"width": picture.width, "height": picture.height}
        return {**facts, "suffix": SUFFIXES.get(picture.format, "img")}, b""
    rgb = _shaped(picture.rgb, how)
    buffer = io.BytesIO()
    file_format = how.file_format or "jpeg"
    rgb.save(buffer, file_format, quality=how.quality)
    facts = {"width": rgb.width, "height": rgb.height}
    return {**facts, "suffix": SUFFIXES[file_format.upper()]}, buffer.getvalue()


def _is_larger(picture: Picture, how: Resizing) -> bool:
    sides = (picture.width, picture.height)
    return (max(sides) if how.shape == "border" else min(sides)) > how.size


def _shaped(rgb: Image.Image, how: Resizing) -> Image.Image:
    if how.shape == "no":
        return rgb
    longest = how.shape == "border"
    scale = how.size / (max(rgb.size) if longest else min(rgb.size))
    width, height = (max(1, round(side * scale)) for side in rgb.size)
    small = rgb.resize((width, height), SHRINK if scale < 1 else Image.Resampling.BICUBIC)
    left, top = (width - how.size) // 2, (height - how.size) // 2
    if how.shape == "centre-crop":
        return small.crop((left, top, left + how.size, top + how.size))
    if how.shape == "border":
        square = Image.new("RGB", (how.size, how.size), "white")
        square.paste(small, (-left, -top))
        return square
    return small
