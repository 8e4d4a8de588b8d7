"""Do chances hold? Reliability by bins, its error, and its diagram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 10


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Pairs with about the same chance: how many, their mean chance, the share of matches."""

    count: float
    chance: float
    share: float


def reliability(
    chances: NDArray[Any], matches: NDArray[Any], weights: NDArray[Any] | None = None
) -> list[ReliabilityBin]:
    """Ten bins of chances in 0..1, those that hold something."""
    heavy = np.ones(len(chances)) if weights is None else weights
    which = np.minimum((chances * BINS).astype(int), BINS - 1)
    found = []
    for number in range(BINS):
        mine = which == number
        total = float(heavy[mine].sum())
        if total:
            chance = float((chances[mine] * heavy[mine]).sum() / total)
            share = float((matches[mine] * heavy[mine]).sum() / total)
            found.append(ReliabilityBin(total, chance, share))
    return found


def calibration_error(bins: Sequence[ReliabilityBin]) -> float:
    """The expected calibration error: the mean distance of chance and share, by count.

    (Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian
    Binning", 2015.)
    """
    total = sum(one.count for one in bins)
    return sum(one.count * abs(one.chance - one.share) for one in bins) / total


def reliability_svg(curves: Sequence[tuple[str, Sequence[ReliabilityBin]]]) -> str:
    """A diagram of the share of matches over the chance, a line for each named curve."""
    colours = ("#0b7268", "#b4552d", "#4a5fb0", "#7a7a7a")
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 460 440" '
        'font-family="sans-serif" font-size="13">',
        '<rect width="460" height="440" fill="white"/>',
        '<rect x="60" y="20" width="360" height="360" fill="none" stroke="#bbb"/>',
        '<line x1="60" y1="380" x2="420" y2="20" stroke="#bbb" stroke-dasharray="4 4"/>',
        '<text x="240" y="425" text-anchor="middle">match, as said</text>',
        '<text x="18" y="200" text-anchor="middle" transform="rotate(-90 18 200)">'
        "share of matches</text>",
    ]
    for step in range(0, 11, 2):
        at = 36 * step
        lines.append(f'<text x="{60 + at}" y="398" text-anchor="middle">{step / 10:g}</text>')
        lines.append(f'<text x="52" y="{384 - at}" text-anchor="end">{step / 10:g}</text>')
    for number, (name, bins) in enumerate(curves):
        colour = colours[number % len(colours)]
        most = max(one.count for one in bins)
        points = [(60 + 360 * one.chance, 380 - 360 * one.share) for one in bins]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        lines.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        lines += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2 + 6 * (one.count / most) ** 0.5:.1f}" '
            f'fill="{colour}" fill-opacity="0.7"/>'
            for (x, y), one in zip(points, bins, strict=True)
        ]
        said = f"{name}: error {calibration_error(bins):.3f}"
        lines.append(f'<text x="72" y="{42 + 18 * number}" fill="{colour}">{escape(said)}</text>')
    return "\n".join([*lines, "</svg>", ""])
