"""The curves of a training as one picture: the loss, and how good the answers are."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, MARGIN = 720, 480, 90
_INK, _MUTED, _GRID, _PAPER = (30, 34, 38), (110, 116, 122), (224, 224, 220), (255, 255, 255)
_COLOURS = ((11, 114, 104), (180, 85, 45), (70, 90, 170), (150, 60, 130), (120, 120, 40))
_STEPS = 4


def curves_picture(history: Sequence[Mapping[str, Any]], metric: str, best: int) -> bytes:
    """A PNG of two diagrams over the epochs; a line stands at the best epoch."""
    image = Image.new("RGB", (2 * WIDTH + 3 * MARGIN, HEIGHT + 2 * MARGIN), _PAPER)
    draw = ImageDraw.Draw(image)
    losses = [name for name in history[-1] if name not in _BESIDE and "/" not in name]
    losses = [name for name in losses if name != metric]
    found = [metric, *(name for name in history[0] if name.startswith(f"{metric}/"))]
    _diagram(draw, MARGIN, "Loss", history[1:], losses, best)
    _diagram(draw, 2 * MARGIN + WIDTH, f"{metric}, held out", history, found, best)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


_BESIDE = frozenset({"epoch", "rate", "seconds", "images_a_second"})


def _diagram(
    draw: ImageDraw.ImageDraw,
    left: int,
    title: str,
    rows: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    best: int,
) -> None:
    small, font = ImageFont.load_default(18), ImageFont.load_default(28)
    draw.text((left, MARGIN // 2), title, _INK, font, anchor="lm")
    if not rows:
        return
    values = [float(row[name]) for row in rows for name in names]
    low, high = min(0.0, *values), max(values) * 1.05 or 1.0
    last = max(1, int(rows[-1]["epoch"]))

    def at(epoch: float, value: float) -> tuple[float, float]:
        up = (value - low) / (high - low)
        return left + WIDTH * epoch / last, MARGIN + HEIGHT * (1 - up)

    for step in range(_STEPS + 1):
        value, epoch = low + (high - low) * step / _STEPS, last * step / _STEPS
        draw.line([at(0, value), at(last, value)], _GRID, 2)
        draw.text((left - 8, at(0, value)[1]), f"{value:.3g}", _MUTED, small, anchor="rm")
        draw.text((at(epoch, low)[0], MARGIN + HEIGHT + 8), f"{epoch:.3g}", _MUTED, small, "ma")
    draw.line([at(best, low), at(best, high)], _MUTED, 2)
    for place, name in enumerate(names):
        colour = _COLOURS[place % len(_COLOURS)]
        points = [at(row["epoch"], float(row[name])) for row in rows]
        draw.line(points, colour, 4, joint="curve") if len(points) > 1 else None
        draw.text((left + WIDTH - 8, MARGIN + 8 + 22 * place), name, colour, small, anchor="ra")
