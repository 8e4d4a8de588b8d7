"""A map as one picture for a report: thumbnails on a grid, none over another."""

from __future__ import annotations

import io
import math
from collections.abc import Callable

import numpy as np
from PIL import Image

from lookalike.explore.map_neighbours import OnStep, no_step
from lookalike.explore.map_sprites import spatial_order
from lookalike.types import Floats, Keys

MOST = 1600
"""Thumbnails on a picture; of more images, every so many-th along the map is taken."""
CELL = 64
"""Pixels of a cell's side."""
_PAPER = (250, 250, 248)


def map_picture(
    points: Floats, picture: Callable[[int], bytes | None], on_step: OnStep = no_step
) -> bytes:
    """A PNG of up to 1,600 thumbnails; `points` (n, 2), `picture(i)` an image file or None."""
    order = spatial_order(points)
    chosen = order[:: max(1, -(-len(order) // MOST))]
    across = max(1, math.ceil(math.sqrt(len(chosen))))
    cells = grid_cells(points[chosen], across)
    sheet = Image.new("RGB", (across * CELL, across * CELL), _PAPER)
    for done, (row, (right, down)) in enumerate(zip(chosen.tolist(), cells.tolist(), strict=True)):
        data = picture(row)
        if data is not None:
            with Image.open(io.BytesIO(data)) as image:
                small = image.convert("RGB")
            small.thumbnail((CELL - 2, CELL - 2), Image.Resampling.BICUBIC)
            left = right * CELL + (CELL - small.width) // 2
            sheet.paste(small, (left, down * CELL + (CELL - small.height) // 2))
        on_step("picture", done + 1, len(chosen))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def grid_cells(points: Floats, across: int) -> Keys:
    """A cell (n, 2) of a grid `across` wide and high for each point (n, 2): right, down.

    No two points share a cell. The plane is halved again and again across its longer side,
    and with it the points, as they lie; n may not exceed across x across.
    """
    cells = np.zeros((len(points), 2), dtype=np.int64)
    flipped = points * np.array([1, -1], dtype=points.dtype)  # a grid counts downward
    waiting = [(np.arange(len(points)), (0, 0), (across, across))]
    while waiting:
        rows, corner, size = waiting.pop()
        if len(rows) == 0:
            continue
        if size == (1, 1):
            cells[rows] = corner
            continue
        axis = 0 if size[0] >= size[1] else 1
        first = size[axis] // 2
        area = size[0] * size[1]
        room = first * size[1 - axis]
        share = round(len(rows) * room / area)
        here = min(max(share, len(rows) - (area - room)), room, len(rows))
        ranked = rows[np.argsort(flipped[rows, axis], kind="stable")]
        near, far = list(size), list(size)
        near[axis], far[axis] = first, size[axis] - first
        beyond = list(corner)
        beyond[axis] += first
        waiting.append((ranked[:here], corner, (near[0], near[1])))
        waiting.append((ranked[here:], (beyond[0], beyond[1]), (far[0], far[1])))
    return cells
