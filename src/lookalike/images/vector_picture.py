"""Draws a vector as a picture: a grid of cells, blue below zero, white at it, red above."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

CELL = 8
"""Pixels a side of one cell."""
LOW, ZERO, HIGH = (33, 102, 172), (247, 247, 247), (178, 24, 43)
REST = (200, 200, 200)


def vector_picture(vector: NDArray[Any]) -> Image.Image:
    """The values of a vector (dim,) row by row in a grid that is nearly square.

    The strongest colour is the largest absolute value; packed bits (uint8) are drawn as -1 and 1.
    Cells after the last value are grey.
    """
    if vector.dtype == np.uint8:
        vector = np.unpackbits(vector).astype(np.float32) * 2 - 1
    values = vector.astype(np.float64)
    part = values / (np.abs(values).max() or 1.0)
    ends = np.where(part[:, None] < 0, LOW, HIGH)
    colours = ZERO + np.abs(part)[:, None] * (ends - np.array(ZERO))
    columns = math.ceil(math.sqrt(len(values)))
    cells = np.full((math.ceil(len(values) / columns) * columns, 3), REST, np.float64)
    cells[: len(values)] = colours
    grid = cells.round().astype(np.uint8).reshape(-1, columns, 3)
    return Image.fromarray(grid.repeat(CELL, axis=0).repeat(CELL, axis=1))
