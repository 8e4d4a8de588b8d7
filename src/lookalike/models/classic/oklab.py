"""sRGB to OKLab, a colour space in which equal distances look about equally different."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lookalike.types import Floats, Pixels

# Ottosson, "A perceptual color space for image processing" (2020): linear sRGB to the
# responses of the eye's cones, and their cube roots to lightness and two opponent axes.
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    np.float32,
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    np.float32,
)


def _linear() -> Floats:
    """The light of each of the 256 values of a channel: IEC 61966-2-1 (sRGB)."""
    value: NDArray[np.float64] = np.arange(256) / 255
    curve = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return curve.astype(np.float32)


_LINEAR = _linear()


def to_oklab(rgb: Pixels) -> Floats:
    """uint8 (..., 3) sRGB -> float32 (..., 3): L in 0..1, a (green to red), b (blue to yellow).

    Within sRGB, a lies in -0.24..0.28 and b in -0.32..0.20.
    """
    lab: Floats = np.cbrt(_LINEAR[rgb] @ _TO_CONES.T) @ _TO_LAB.T
    return lab
