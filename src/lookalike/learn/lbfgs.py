"""Minimises a smooth function: L-BFGS, with steps that are halved until they go down enough.

Nocedal and Wright, "Numerical Optimization" (2006), algorithms 3.1, 7.4 and 7.5.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Point: TypeAlias = NDArray[np.float64]
Function: TypeAlias = Callable[[Point], tuple[float, Point]]
"""Value and gradient at a point; both are of the same shape, whatever it is."""

REMEMBERED = 12
HALVINGS = 30
_ENOUGH = 1e-4


def minimise(
    function: Function, start: Point, *, tolerance: float = 1e-4, most: int = 300
) -> Point:
    """The point where the largest part of the gradient is below `tolerance`, from `start`.

    It also ends after `most` steps, or when no step goes down any more.
    """
    point = start.astype(np.float64)
    value, gradient = function(point)
    past: deque[tuple[Point, Point, float]] = deque(maxlen=REMEMBERED)
    for _ in range(most):
        if np.abs(gradient).max(initial=0.0) < tolerance:
            break
        direction = _direction(gradient, past)
        slope = float(np.vdot(direction, gradient))
        if slope >= 0:  # rounding has spoiled what is remembered
            past.clear()
            direction, slope = -gradient, -float(np.vdot(gradient, gradient))
        step = 1.0 if past else min(1.0, 1.0 / float(np.linalg.norm(gradient)))
        for _ in range(HALVINGS):
            moved = point + step * direction
            new_value, new_gradient = function(moved)
            if new_value <= value + _ENOUGH * step * slope:
                break
            step /= 2
        else:
            break
        went, turned = moved - point, new_gradient - gradient
        curvature = float(np.vdot(went, turned))
        if curvature > 1e-12 * float(np.vdot(turned, turned)):
            past.append((went, turned, curvature))
        point, value, gradient = moved, new_value, new_gradient
    return point


def _direction(gradient: Point, past: deque[tuple[Point, Point, float]]) -> Point:
    """Downhill, the gradient divided by the curvature that past steps met."""
    direction: Point = -gradient
    shares = []
    for went, turned, curvature in reversed(past):
        share = float(np.vdot(went, direction)) / curvature
        direction = direction - share * turned
        shares.append(share)
    if past:
        _, turned, curvature = past[-1]
        direction = direction * (curvature / float(np.vdot(turned, turned)))
    for (went, turned, curvature), share in zip(past, reversed(shares), strict=True):
        direction = direction + (share - float(np.vdot(turned, direction)) / curvature) * went
    return direction
