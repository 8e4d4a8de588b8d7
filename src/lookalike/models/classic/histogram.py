"""`colour-histogram`: which colours a picture has, near ones counted as near, less its backdrop."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lookalike.models.catalog import CatalogRow
from lookalike.models.classic.oklab import to_oklab
from lookalike.models.network import Network, NetworkOptions
from lookalike.types import Floats, Keys, Pixels

LIGHTNESS = np.linspace(0, 1, 8, dtype=np.float32)
OPPONENT = np.array(
    [-0.32, -0.2, -0.12, -0.06, -0.025, 0, 0.025, 0.06, 0.12, 0.2, 0.28], np.float32
)
"""Where the bins of a and b lie: closer together for the muted colours, of which most are."""
SHAPE = (len(LIGHTNESS), len(OPPONENT), len(OPPONENT))
_CENTRE_SPREAD = 0.25
_BORDER = 1 / 12
_BACKDROP = 2.0


def open_network(row: CatalogRow, options: NetworkOptions) -> Network:  # noqa: ARG001
    """The descriptor; nothing is loaded."""
    return ColourHistogram()


class ColourHistogram:
    """Square roots of the shares of colours, so that the cosine is Bhattacharyya's coefficient.

    Each pixel is shared among the eight bins around its colour (trilinear), and these are
    blurred, so that a faded red is still nearer to red than to blue. A colour counts by
    how much of the middle it fills, and by how much likelier it is there than at the border:
    a backdrop that surrounds the thing hardly counts, unless there is nothing else.
    """

    runtime = "numpy"
    precision = "fp32"

    def run(self, pixels: Pixels) -> Floats:
        """uint8 (batch, side, side, 3) -> float32 (batch, 968) of unit length."""
        middle, border = _weights(pixels.shape[1])
        return np.stack([_describe(picture, middle, border) for picture in pixels])


def _describe(picture: Pixels, middle: Floats, border: Floats) -> Floats:
    bins, parts = soft_bins(to_oklab(picture).reshape(-1, 3))
    inside, outside = (
        np.bincount(bins.ravel(), (parts * weight[:, None]).ravel(), int(np.prod(SHAPE)))
        for weight in (middle, border)
    )
    counted = inside * inside / np.maximum(inside + _BACKDROP * outside, np.finfo(np.float64).tiny)
    shares = blur(counted.reshape(SHAPE) / counted.sum()).ravel()
    roots: Floats = np.sqrt(shares).astype(np.float32)
    return roots


def soft_bins(lab: Floats) -> tuple[Keys, Floats]:
    """For colours (n, 3) the eight bins around each (n, 8) and its part in each (n, 8), sum 1."""
    bins = np.zeros((len(lab), 1), np.int64)
    parts = np.ones((len(lab), 1), np.float32)
    for axis, knots in enumerate((LIGHTNESS, OPPONENT, OPPONENT)):
        place = np.interp(lab[:, axis], knots, np.arange(len(knots))).astype(np.float32)
        low = np.minimum(place.astype(np.int64), len(knots) - 2)
        share = place - low
        sides = np.stack([low, low + 1], axis=1)
        shares = np.stack([1 - share, share], axis=1)
        bins = (bins[:, :, None] * len(knots) + sides[:, None, :]).reshape(len(lab), -1)
        parts = (parts[:, :, None] * shares[:, None, :]).reshape(len(lab), -1)
    return bins, parts


def blur(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares of `SHAPE` spread over near bins: binomial (1, 4, 6, 4, 1) / 16, a bell of one bin.

    What would leave at an end stays there, so the sum does not change.
    """
    spread: NDArray[np.float64] = _OVER_OPPONENT @ np.tensordot(_OVER_LIGHTNESS, shares, 1)
    return spread @ _OVER_OPPONENT


def _bell(count: int) -> NDArray[np.float64]:
    """What each of `count` bins in a row gives to each, as a symmetric matrix."""
    step = np.eye(count) + (np.eye(count, k=1) + np.eye(count, k=-1)) / 2
    step[0, 0] = step[-1, -1] = 1.5
    return step @ step / 4


_OVER_LIGHTNESS, _OVER_OPPONENT = _bell(len(LIGHTNESS)), _bell(len(OPPONENT))


def _weights(side: int) -> tuple[Floats, Floats]:
    """How much each pixel (side * side,) counts for the middle and for the border, sum 1."""
    from_middle = np.abs((np.arange(side) + 0.5) / side - 0.5)
    bell = np.exp(-0.5 * (from_middle / _CENTRE_SPREAD) ** 2)
    middle = np.outer(bell, bell)
    near_edge = from_middle > 0.5 - _BORDER
    border = (near_edge[:, None] | near_edge[None, :]).astype(np.float64)
    return _shares(middle), _shares(border)


def _shares(weights: NDArray[np.float64]) -> Floats:
    shares: Floats = (weights / weights.sum()).astype(np.float32).ravel()
    return shares
