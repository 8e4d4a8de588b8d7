"""Sheets of small thumbnails, neighbours on the map side by side, within a bounded size."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from lookalike.explore.map_neighbours import OnStep, no_step
from lookalike.types import Floats, Keys

SIDE = 1024
"""Pixels of a sheet's side."""
TILES = ((2_000, 128), (8_000, 64), (30_000, 48), (100_000, 32))
"""Pixels of a tile's side for up to so many images: what keeps a page below some 30 MB."""
MOST = TILES[-1][0]
_QUALITY = 72


@dataclass(frozen=True, slots=True)
class Sprites:
    """Sheets as WebP bytes; `tiles` (n,) int64 is each image's tile over all sheets, -1 for none.

    Tile t is on sheet t // (across x across), row by row, `side` pixels wide.
    """

    side: int
    across: int
    sheets: list[bytes]
    tiles: Keys


def sprites(
    points: Floats,
    picture: Callable[[int], bytes | None],
    on_step: OnStep = no_step,
) -> Sprites:
    """Sheets of the pictures of points (n, 2); `picture(i)` gives an image file, or None.

    Of more than 100,000 points every so many-th has a tile.
    """
    count = len(points)
    side = next((side for most, side in TILES if count <= most), TILES[-1][1])
    across = SIDE // side
    order = spatial_order(points)
    order = order[:: max(1, -(-count // MOST))]
    tiles = np.full(count, -1, dtype=np.int64)
    sheets: list[bytes] = []
    sheet = Image.new("RGBA", (SIDE, SIDE))
    used = 0
    for done, row in enumerate(order.tolist()):
        tile = _tile(picture(row), side)
        if tile is not None:
            down, right = divmod(used % across**2, across)
            left = right * side + (side - tile.width) // 2
            sheet.paste(tile, (left, down * side + (side - tile.height) // 2))
            tiles[row] = used
            used += 1
            if used % across**2 == 0:
                sheets.append(_webp(sheet))
                sheet = Image.new("RGBA", (SIDE, SIDE))
        on_step("thumbnails", done + 1, len(order))
    if used % across**2:
        rows = -(-(used % across**2) // across)
        sheets.append(_webp(sheet.crop((0, 0, SIDE, rows * side))))
    return Sprites(side, across, sheets, tiles)


def spatial_order(points: Floats) -> Keys:
    """Rows (n,) along a Z-shaped curve over the plane (Morton, 1966): what is near stays near."""
    low = points.min(axis=0) if len(points) else np.zeros(2)
    spread = np.maximum(np.ptp(points, axis=0), 1e-9) if len(points) else np.ones(2)
    cells = ((points - low) / spread * 65535).astype(np.uint64)
    code = np.zeros(len(points), dtype=np.uint64)
    for bit in range(16):
        for axis in (0, 1):
            shift = np.uint64(2 * bit + axis)
            code |= ((cells[:, axis] >> np.uint64(bit)) & np.uint64(1)) << shift
    return np.argsort(code, kind="stable")


def _tile(data: bytes | None, side: int) -> Image.Image | None:
    if data is None:
        return None
    with Image.open(io.BytesIO(data)) as image:
        small = image.convert("RGB")
    small.thumbnail((side, side), Image.Resampling.BICUBIC)
    return small.convert("RGBA")


def _webp(sheet: Image.Image) -> bytes:
    buffer = io.BytesIO()
    sheet.save(buffer, "WEBP", quality=_QUALITY, method=2)
    return buffer.getvalue()
