"""What tells one picture from another without a network: sha256 of bytes, perceptual hash."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image

GRID = 32
KEEP = 8
MIDDLE = (KEEP * KEEP - 1) // 2


COSINES: NDArray[np.float64] = np.cos(
    np.pi / GRID * (np.arange(GRID)[None, :] + 0.5) * np.arange(KEEP)[:, None]
)
"""The first KEEP rows of the DCT-II matrix of size GRID."""


def sha256(data: bytes) -> bytes:
    """32 bytes that stand for the content."""
    return hashlib.sha256(data).digest()


def perceptual_hash(rgb: Image.Image) -> int:
    """A 64-bit hash of the low frequencies; near pictures differ in few bits.

    The DCT hash of Zauner, "Implementation and Benchmarking of Perceptual Image Hash
    Functions" (2010): 32 x 32 grey, the 8 x 8 lowest DCT terms, a bit each for above the
    median of the terms other than the mean. Bit 63 is the first term.
    """
    small = rgb.resize((GRID, GRID), Image.Resampling.BOX, reducing_gap=1.01).convert("L")
    terms = COSINES @ np.asarray(small, dtype=np.float64) @ COSINES.T
    flat = terms.ravel()
    bits = flat > np.partition(flat[1:], MIDDLE)[MIDDLE]
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
