"""A small WebP of an image, for showing results."""

from __future__ import annotations

import io

from PIL import Image

from lookalike.errors import ImageRejectedError
from lookalike.images.decode import decode
from lookalike.images.fingerprint import sha256
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


def thumbnail_of(location: Location, digest: bytes) -> bytes | None:
    """The thumbnail of an original; None when its bytes are gone or are others by now."""
    try:
        data = read_bytes(location)
        if sha256(data) != digest:
            return None
        return thumbnail(decode(data, shorter_side=LONG_SIDE).rgb)
    except ImageRejectedError:
        return None
