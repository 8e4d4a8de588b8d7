"""A small WebP of an image, for showing results."""

from __future__ import annotations

import io

from PIL import Image

from lookalike.errors import ImageRejectedError
from lookalike.images.decode import decode
from lookalike.images.read import read_bytes
from lookalike.types import Location

LONG_SIDE = 256
QUALITY = 80


def thumbnail(rgb: Image.Image) -> bytes:
    """WebP bytes of an upright RGB picture, its longer side at most `LONG_SIDE` pixels."""
    small = rgb.copy()
    small.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=QUALITY, method=2)
    return buffer.getvalue()


def thumbnail_of(location: Location) -> bytes | None:
    """The thumbnail of an original; None when it is gone or cannot be decoded any more."""
    try:
        return thumbnail(decode(read_bytes(location), shorter_side=LONG_SIDE).rgb)
    except ImageRejectedError:
        return None
