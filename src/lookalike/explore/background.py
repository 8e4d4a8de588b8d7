"""What is usual between strangers of a library, so that a threshold means the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lookalike.explore.neighbours import unit_rows
from lookalike.types import Halves, Keys

_SAMPLE = 2000
_TAIL = 0.99
_STRANGERS = 0.05
_CEILING = 0.985
_WORTH_A_LOOK = 0.9


@dataclass(frozen=True, slots=True)
class Background:
    """Cosines between random images. At `floor` a pair is worth a look; at `scene` it is telling.

    No more than one stranger in twenty images is expected at `scene` or above.
    """

    floor: float
    scene: float


def background(matrix: Halves, rows: Keys) -> Background:
    """Measured on pairs of up to 2,000 random rows of a matrix.

    The far tail is extrapolated: excesses over a high quantile are taken as exponential, the
    shape that peaks over a threshold tend to (Pickands, 1975).
    """
    if len(rows) < 3:
        return Background(-1.0, 0.9)
    chance = np.random.default_rng(0)
    unit = unit_rows(matrix, rows[np.sort(chance.permutation(len(rows))[:_SAMPLE])])
    cosines = (unit @ unit.T)[np.triu_indices(len(unit), 1)]
    floor, high = (float(value) for value in np.quantile(cosines, (_WORTH_A_LOOK, _TAIL)))
    excess = float(np.mean(cosines[cosines >= high] - high))
    expected = (1 - _TAIL) * len(rows) / _STRANGERS
    scene = high + excess * np.log(max(expected, 1.0))
    # few images give no tail to speak of: what is worth a look is then everything
    floor = -1.0 if len(rows) < 100 else floor
    return Background(floor, float(min(max(scene, high), _CEILING)))
