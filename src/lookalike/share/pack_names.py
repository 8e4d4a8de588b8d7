"""The names of images in a pack: the id as a path, as WebDataset can take it."""

from __future__ import annotations

import re

from lookalike.sources.extensions import is_image_name

SUFFIXES = {
    "JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif", "BMP": "bmp",
    "DIB": "dib", "TIFF": "tif", "AVIF": "avif", "JPEG2000": "jp2", "HEIF": "heic",
}  # fmt: skip
ALSO = {"jpg": ("jpeg", "jpe", "jfif"), "tif": ("tiff",), "heic": ("heif",), "jp2": ("j2k", "jpx")}
LONGEST = 200


def sample_name(id_: str) -> str:
    """A relative path without suffix, `..`, leading dots, and dots in its last part.

    WebDataset takes what is before the first dot of the last part for the key of a sample.
    """
    stem = id_.rpartition(".")[0] if is_image_name(id_) else id_
    parts = [_part(part) for part in stem.split("/") if part not in ("", ".")] or ["_"]
    parts[-1] = parts[-1].replace(".", "_")
    return "/".join(parts)


def suffix_of(id_: str, image_format: str) -> str:
    """The suffix of an image by what it is; that of its id where it says the same."""
    usual = SUFFIXES.get(image_format, image_format.lower())
    own = id_.rpartition(".")[2]
    return own if own.lower() in (usual, *ALSO.get(usual, ())) else usual


def _part(part: str) -> str:
    clean = re.sub(r"[\x00-\x1f\x7f\\]", "_", part)[:LONGEST]
    return "_" + clean.lstrip(".") if clean.startswith(".") else clean
