"""The formats that are decoded: an allow-list, since every decoder is attack surface."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

CORE_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "AVIF", "JPEG2000")
"""Pillow's names of the formats in the core install; its JPEG opener opens MPO too."""

HEIF_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"})


@cache
def allowed_formats() -> tuple[str, ...]:
    """Pillow format names to try, HEIF included when `lookalike[heif]` is installed.

    Imports their decoders and no others; Pillow alone would import all it has.
    """
    from PIL import (  # noqa: F401  imported to be registered
        AvifImagePlugin,
        BmpImagePlugin,
        GifImagePlugin,
        Jpeg2KImagePlugin,
        JpegImagePlugin,
        MpoImagePlugin,
        PngImagePlugin,
        TiffImagePlugin,
        WebPImagePlugin,
    )

    if find_spec("pillow_heif") is None:
        return CORE_FORMATS
    from pillow_heif import register_heif_opener

    register_heif_opener()
    return (*CORE_FORMATS, "HEIF")


def starts_as_allowed(data: bytes) -> bool:
    """True when the first bytes are those of a format that is decoded."""
    from PIL import Image

    prefix = data[:16].ljust(16, b"\0")
    tests = [Image.OPEN[name][1] for name in allowed_formats()]
    return any(test is not None and test(prefix) is True for test in tests)


def looks_like_heif(data: bytes) -> bool:
    """True when the first bytes are those of an HEIC or HEIF file."""
    return data[4:8] == b"ftyp" and data[8:12] in HEIF_BRANDS
