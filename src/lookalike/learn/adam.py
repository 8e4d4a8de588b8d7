"""Adam: gradient steps of a size that suits each weight (Kingma and Ba, 2015)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float64]
FIRST, SECOND = 0.9, 0.999


@dataclass(slots=True)
class Adam:
    """The running moments of one array of weights."""

    rate: float
    _steps: int = 0
    _mean: Any = 0.0
    _square: Any = field(default=0.0)

    def step(self, weights: Weights, gradient: Weights) -> Weights:
        """The weights after one step against the gradient, of the same shape."""
        self._steps += 1
        self._mean = FIRST * self._mean + (1 - FIRST) * gradient
        self._square = SECOND * self._square + (1 - SECOND) * gradient**2
        mean = self._mean / (1 - FIRST**self._steps)
        square = self._square / (1 - SECOND**self._steps)
        moved: Weights = weights - self.rate * mean / (np.sqrt(square) + 1e-8)
        return moved
