"""`pixels`: the picture itself on a small grid, compared pixel by pixel."""

from __future__ import annotations

import numpy as np

from lookalike.images.preprocess import Preprocessing
from lookalike.models.catalog import CatalogRow
from lookalike.models.network import Network, NetworkOptions
from lookalike.types import Floats, Pixels


def open_network(row: CatalogRow, options: NetworkOptions) -> Network:  # noqa: ARG001
    """The descriptor; nothing is loaded."""
    return PixelGrid(row.preprocessing)


class PixelGrid:
    """(x - mean) / scale of every value of the grid, row by row, red, green and blue together.

    The scale is the number of values, so the l1 distance of two pictures is the mean difference
    of their values, in 0..255. The mean, 127.5, moves all pictures alike: l1 and l2 do not
    change, and the cosine becomes a correlation about middle grey, where raw values, all
    positive, would make any two pictures alike. No picture gives the zero vector.
    """

    runtime = "numpy"
    precision = "fp32"

    def __init__(self, preprocessing: Preprocessing) -> None:
        self._mean = np.asarray(preprocessing.mean, np.float32)
        self._scale = np.asarray(preprocessing.scale, np.float32)

    def run(self, pixels: Pixels) -> Floats:
        """uint8 (batch, side, side, 3) -> float32 (batch, side * side * 3)."""
        values: Floats = (pixels.astype(np.float32) - self._mean) / self._scale
        return values.reshape(len(pixels), -1)
