"""Bytes to an upright RGB picture, or a reason why not."""

from __future__ import annotations

import io
import struct
import warnings

import numpy as np
from PIL import Image, UnidentifiedImageError

from lookalike.errors import ImageRejectedError
from lookalike.images.formats import allowed_formats, looks_like_heif, starts_as_allowed
from lookalike.images.limits import DEFAULT_LIMITS, Limits

ORIENTATION_TAG = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = (5, 6, 7, 8)


class Picture:
    """A decoded image: RGB pixels, upright; `width` and `height` are those of the original.

    `rgb` may be smaller than the original when a reduced-scale decode was allowed.
    """

    __slots__ = ("format", "height", "rgb", "width")

    def __init__(self, rgb: Image.Image, width: int, height: int, image_format: str) -> None:
        self.rgb = rgb
        self.width = width
        self.height = height
        self.format = image_format


def decode(data: bytes, limits: Limits = DEFAULT_LIMITS, *, shorter_side: int = 0) -> Picture:
    """Decode the first frame of `data` fully.

    With `shorter_side` > 0 a JPEG may be decoded at 1/2, 1/4 or 1/8 scale, but never below
    that many pixels on its shorter side. Transparency is laid over white.

    Raises `ImageRejectedError`: empty, not-an-image, too-large, truncated, out-of-memory.
    """
    if not data:
        raise ImageRejectedError("empty")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _decode(data, limits, shorter_side)
        except ImageRejectedError:
            raise
        except MemoryError as error:
            raise ImageRejectedError("out-of-memory", "decoding ran out of memory") from error
        except Exception as error:  # decoders raise anything on damaged data
            memory = "out of memory" in str(error)  # Pillow's decoders say it in words only
            reason = "out-of-memory" if memory else "truncated"
            raise ImageRejectedError(reason, _one_line(error)) from error


def header(data: bytes, limits: Limits = DEFAULT_LIMITS) -> tuple[int, int, str]:
    """Width, height and Pillow's format as the first bytes state them; nothing is decoded.

    Raises `ImageRejectedError`: empty, not-an-image, too-large, truncated.
    """
    if not data:
        raise ImageRejectedError("empty")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = _open(data, limits)
        except ImageRejectedError:
            raise
        except Exception as error:  # openers raise anything on damaged data
            raise ImageRejectedError("truncated", _one_line(error)) from error
    return *image.size, image.format or "unknown"


def _decode(data: bytes, limits: Limits, shorter_side: int) -> Picture:
    image = _open(data, limits)
    width, height = image.size
    image_format = image.format or "unknown"
    if shorter_side:
        _reduce_scale(image, shorter_side)
    image.load()
    rgb = to_rgb(image)
    orientation = _orientation(image)
    if orientation in UPRIGHT:
        rgb = rgb.transpose(UPRIGHT[orientation])
    if orientation in SIDEWAYS:
        width, height = height, width
    return Picture(rgb, width, height, image_format)


def _open(data: bytes, limits: Limits) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(data), formats=allowed_formats())
    except UnidentifiedImageError as error:
        if starts_as_allowed(data):
            raise ImageRejectedError("truncated", "its header is damaged") from error
        detail = f"starts with {data[:12]!r}"
        if looks_like_heif(data):
            detail = "HEIC needs an extra: pip install 'lookalike[heif]'"
        raise ImageRejectedError("not-an-image", detail) from error
    except Image.DecompressionBombError as error:
        raise ImageRejectedError("too-large", _one_line(error)) from error
    width, height = image.size
    if width * height > limits.pixels:
        raise ImageRejectedError(
            "too-large", f"{width} x {height} is more than {limits.pixels:,} pixels"
        )
    return image


def _orientation(image: Image.Image) -> int:
    """The Exif orientation of a loaded image; Pillow turns TIFF and HEIF itself and drops it."""
    try:
        return int(image.getexif().get(ORIENTATION_TAG, 1))
    except (SyntaxError, ValueError, TypeError, KeyError, OSError, struct.error):
        return 1


def _reduce_scale(image: Image.Image, shorter_side: int) -> None:
    width, height = image.size
    factor = min(width, height) // shorter_side
    if factor >= 2:
        image.draft(image.mode, (width // factor, height // factor))


def to_rgb(image: Image.Image) -> Image.Image:
    """Any Pillow mode as RGB: alpha over white, deeper samples scaled to 8 bits."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith(("I", "F")):
        return _deep_grey_to_rgb(image)
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB")
    if image.mode == "LAB":
        return _lab_to_rgb(image)
    return image.convert("RGB")


def _deep_grey_to_rgb(image: Image.Image) -> Image.Image:
    samples = np.asarray(image)
    grey = _to_8_bits(samples)
    grey[samples == image.info.get("transparency")] = 255
    return Image.fromarray(grey).convert("RGB")


def _lab_to_rgb(image: Image.Image) -> Image.Image:
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(lab, srgb, "LAB", "RGB")
    rgb = Image.new("RGB", image.size)
    transform.apply(image, rgb)
    return rgb


def _to_8_bits(samples: np.ndarray) -> np.ndarray:
    """Greyscale of 16 or 32 bits or float as uint8: by its nominal range, else its own."""
    values = np.nan_to_num(samples.astype(np.float64))
    low, high = float(values.min()), float(values.max())
    if samples.dtype.kind == "f" and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    elif low >= 0 and high <= 65535:
        low, high = 0.0, 65535.0 if samples.dtype.kind != "f" or high > 255 else 255.0
    scaled = (values - low) * (255.0 / max(high - low, 1e-12))
    return np.rint(scaled).astype(np.uint8)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
