"""A map as one web page that needs nothing but itself: points, thumbnails, legend, selection."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from importlib.resources import files

import numpy as np

from lookalike.explore.map_columns import Legend
from lookalike.explore.map_sprites import Sprites
from lookalike.search.page import standalone_page
from lookalike.types import Floats, readable


def map_page(
    title: str,
    summary: str,
    ids: Sequence[str],
    labels: Sequence[str | None],
    points: Floats,
    columns: Sequence[Legend],
    sprites: Sprites | None,
) -> str:
    """The page of images by id and label at points (n, 2), coloured by the first column.

    Without `sprites` it shows no thumbnails.
    """
    shown = sprites or Sprites(1, 1, [], np.full(len(ids), -1, dtype=np.int64))
    data = {
        "ids": [readable(id_) for id_ in ids],
        "labels": [None if label is None else readable(label) for label in labels],
        "points": _base64(_fitted(points).astype("<f4").tobytes()),
        "columns": [
            {
                "name": readable(column.name),
                "names": [readable(name) for name in column.names],
                "codes": _base64(column.codes.tobytes()),
                "ordered": column.ordered,
                "kinds": column.kinds,
            }
            for column in columns
        ],
        "tiles": _base64(shown.tiles.astype("<i4").tobytes()),
        "side": shown.side,
        "across": shown.across,
        "sheets": [_base64(sheet) for sheet in shown.sheets],
    }
    block = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    sections = [_asset("map.html"), f'<script type="application/json" id="data">{block}</script>']
    return standalone_page(
        title, summary, sections, style=_asset("map.css"), script=_asset("map.js")
    )


def _fitted(points: Floats) -> Floats:
    """Points in -1..1, both axes by the same factor; all in the middle where they are one."""
    if not len(points):
        return points
    low, high = points.min(axis=0), points.max(axis=0)
    reach = float((high - low).max()) / 2 or 1.0
    fitted: Floats = (points - (low + high) / 2) / np.float32(reach)
    return fitted


def _asset(name: str) -> str:
    return files(__package__).joinpath("page", name).read_text("utf-8")


def _base64(data: bytes) -> str:
    return b64encode(data).decode()
