"""What can be wrong with a picture, measured on its pixels: blurred, dark, blank, cut short."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.images.preprocess import Preprocessing
from lookalike.types import Pixels

SIDE = 256
PREPROCESSING = Preprocessing(SIDE, SIDE, "bicubic", (0, 0, 0), (1, 1, 1), fit="pad")
MEASURES = ("sharpness", "brightness", "contrast", "missing")

TINY = 64
"""Pixels of the shorter side below which a picture is tiny."""
_DARK = 0.22
_BRIGHT = 0.97
_BLANK = 0.02
_MISSING = 0.08
_SOFT = 30.0
_SPREADS = 3.0
_FLAT_ROW = 2
_GREY = (120, 136)


@dataclass(frozen=True, slots=True)
class Quality:
    """`sharpness` is the variance of the Laplacian of grey levels 0..255, at `SIDE` pixels;
    `brightness` the 95th percentile of luma, 0..1; `contrast` its standard deviation, 0..0.5;
    `missing` the part of the rows, from the bottom up, that are one flat grey: what decoders
    put in the place of data that never came.
    """

    sharpness: float
    brightness: float
    contrast: float
    missing: float


def measured(rgb: Pixels) -> Quality:
    """The quality of uint8 (h, w, 3).

    The variance of the Laplacian as a measure of focus is Pech-Pacheco et al., "Diatom
    autofocusing in brightfield microscopy" (2000).
    """
    grey = np.asarray(Image.fromarray(rgb).convert("L"), dtype=np.float64)
    laplacian = np.zeros(1)
    if min(grey.shape) > 2:
        inside = grey[1:-1, 1:-1]
        laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * inside
    luma = grey / 255
    return Quality(
        sharpness=float(laplacian.var()),
        brightness=float(np.quantile(luma, 0.95)),
        contrast=float(luma.std()),
        missing=_missing(rgb),
    )


def _missing(rgb: Pixels) -> float:
    flat = (np.ptp(rgb, axis=1) <= _FLAT_ROW).all(axis=1)
    level = rgb.mean(axis=(1, 2))
    neutral = np.ptp(rgb.mean(axis=1), axis=1) <= _FLAT_ROW
    grey = flat & neutral & (level >= _GREY[0]) & (level <= _GREY[1])
    rows = len(grey) if grey.all() else int(np.argmin(grey[::-1]))
    return rows / len(grey)


def faults(
    measures: Mapping[str, NDArray[np.float64]], shorter: NDArray[np.int64]
) -> list[list[str]]:
    """For each image the words for what is wrong with it: blurred, dark, bright, blank, tiny,
    cut-short.

    `measures` are those of `Quality`, (n,) each, NaN where unknown; `shorter` (n,) the shorter
    sides in pixels. Blurred is what is far less sharp than the library usually is: three robust
    standard deviations of the logarithm, and soft in itself.
    """
    sharpness = measures["sharpness"]
    known = np.log(sharpness[np.isfinite(sharpness)] + 1e-3)
    least = _SOFT
    if len(known) >= 20:
        middle = float(np.median(known))
        spread = 1.4826 * float(np.median(np.abs(known - middle)))
        least = max(min(least, float(np.exp(middle - _SPREADS * spread))), _SOFT / 10)
    with np.errstate(invalid="ignore"):
        blank = measures["contrast"] < _BLANK
        said = {
            "blank": blank,
            "blurred": (sharpness < least) & ~blank,
            "dark": (measures["brightness"] < _DARK) & ~blank,
            "bright": (measures["brightness"] >= _BRIGHT) & (measures["contrast"] < 3 * _BLANK)
            & ~blank,
            "cut-short": (measures["missing"] >= _MISSING) & ~blank,
            "tiny": shorter < TINY,
        }  # fmt: skip
    return [[word for word, true in said.items() if true[row]] for row in range(len(shorter))]
