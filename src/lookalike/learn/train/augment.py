"""Draws each picture a little differently every time, but never what the task is about.

All pictures of a batch go through one resampling and one matrix product, on any device.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from lookalike.types import Floats, Pixels

LEAST_SIDE = 0.75
"""The smallest part of a picture's side that a crop shows."""
TURN = 8.0
"""Degrees."""
HUE = 0.4
"""How far hues are turned, in radians: red may become orange, never green."""
_YIQ = np.array(
    [[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]], np.float32
)


def augmented(
    pixels: Pixels, side: int, keep: Collection[str], seed: tuple[int, ...], device: Any
) -> Any:
    """uint8 (n, large, large, 3) -> float (n, 3, side, side) in 0..255 on the device.

    Crops, turns and mirrors; changes brightness, contrast, saturation and hue. `keep` leaves
    out what would destroy a label: "colour" (only the light changes), "left-right", "scale".
    The same seed draws the same.
    """
    import torch
    from torch.nn import functional

    generator = np.random.default_rng(seed)
    count, large = pixels.shape[:2]
    scale = generator.uniform(LEAST_SIDE, 1, (count,))
    if "scale" in keep:
        scale = np.full(count, side / large)
    mirror = np.ones(count) if "left-right" in keep else generator.choice([-1.0, 1.0], count)
    turn = np.deg2rad(generator.uniform(-TURN, TURN, count))
    free = 1 - scale
    shift = generator.uniform(-1, 1, (count, 2)) * free[:, None]
    cos, sin = np.cos(turn) * scale, np.sin(turn) * scale
    rows = [[cos * mirror, -sin, shift[:, 0]], [sin * mirror, cos, shift[:, 1]]]
    theta = torch.from_numpy(np.moveaxis(np.array(rows, np.float32), 2, 0).copy()).to(device)
    planes = torch.from_numpy(np.ascontiguousarray(pixels)).to(device).permute(0, 3, 1, 2).float()
    grid = functional.affine_grid(theta, [count, 3, side, side], align_corners=False)
    drawn = functional.grid_sample(
        planes, grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )
    matrix, left_out = (
        torch.from_numpy(each).to(device) for each in _colours(count, "colour" in keep, generator)
    )
    flat = drawn.flatten(2)
    kept = flat.mean(dim=2, keepdim=True) * left_out
    return (matrix @ (flat - kept) + kept).clamp(0, 255).view_as(drawn)


def _colours(count: int, keep: bool, generator: np.random.Generator) -> tuple[Floats, Floats]:
    """A matrix (n, 3, 3) for each picture's colours, and the share of its mean that it spares.

    Hue turns and saturation scales the chrominance of YIQ; brightness scales all.
    """
    if keep:
        even = generator.uniform(0.92, 1.08, (count, 1, 1)) * np.eye(3)
        return even.astype(np.float32), np.zeros((count, 1, 1), np.float32)
    light = generator.uniform(0.75, 1.25, (count, 1, 1))
    saturation = generator.uniform(0.6, 1.4, count)
    hue = generator.uniform(-HUE, HUE, count)
    inner = np.zeros((count, 3, 3))
    inner[:, 0, 0] = 1
    inner[:, 1, 1] = inner[:, 2, 2] = np.cos(hue) * saturation
    inner[:, 1, 2] = -np.sin(hue) * saturation
    inner[:, 2, 1] = np.sin(hue) * saturation
    matrix = light * (np.linalg.inv(_YIQ) @ inner @ _YIQ)
    contrast = generator.choice([0.0, 0.3], (count, 1, 1))
    return matrix.astype(np.float32), contrast.astype(np.float32)


def centred(pixels: Pixels, side: int) -> Pixels:
    """The centre of each square, uint8 (n, side, side, 3): what the finished network will see."""
    corner = round((pixels.shape[1] - side) / 2)
    return pixels[:, corner : corner + side, corner : corner + side]
