"""A rising curve through noisy points: isotonic regression by pooling adjacent violators."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
_BINS = 400


def rising_curve(
    places: NDArray[Any], values: NDArray[Any], weights: NDArray[Any] | None = None
) -> tuple[Doubles, Doubles]:
    """Knots (b,), (b,) of the never falling curve nearest to `values` (n,) at `places` (n,).

    Above 400 points, neighbouring ones are averaged first. Read it with `numpy.interp`.
    (Ayer et al., "An Empirical Distribution Function for Sampling with Incomplete
    Information", 1955.)
    """
    order = np.argsort(places, kind="stable")
    heavy = np.ones(len(order)) if weights is None else np.asarray(weights, np.float64)[order]
    columns = np.stack(
        [np.asarray(places)[order] * heavy, np.asarray(values)[order] * heavy, heavy]
    )
    starts = np.unique(np.linspace(0, len(order), _BINS + 1).astype(np.int64)[:-1])
    blocks: list[Doubles] = []
    for column in np.add.reduceat(columns, starts, axis=1).T:
        block = column.copy()
        while blocks and blocks[-1][1] / blocks[-1][2] >= block[1] / block[2]:
            block += blocks.pop()
        blocks.append(block)
    table = np.array(blocks)
    return table[:, 0] / table[:, 2], table[:, 1] / table[:, 2]
