"""Which file names are taken for images when a folder or an archive is searched."""

from __future__ import annotations

IMAGE_EXTENSIONS = frozenset({
    "jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "bmp", "dib",
    "tif", "tiff", "avif", "jp2", "j2k", "jpx", "heic", "heif",
})  # fmt: skip
"""In lower case and without the dot. Decoding says when HEIC needs an extra."""


def is_image_name(name: str) -> bool:
    """True when the extension, in any case, is that of an image."""
    _, dot, extension = name.rpartition(".")
    return bool(dot) and extension.lower() in IMAGE_EXTENSIONS
