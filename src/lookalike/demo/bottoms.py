"""How skirts, trousers and shorts are cut."""

from __future__ import annotations

from random import Random

from lookalike.demo.canvas import Canvas
from lookalike.demo.paths import mirrored, symmetric, trace


def skirt(canvas: Canvas, rng: Random) -> None:
    """A flared skirt with a waistband and soft pleats."""
    hem = rng.uniform(22, 32)
    flare = rng.uniform(27, 33)
    canvas.cloth(
        symmetric(
            f"M 0 -24 L 14 -25 C 18 -10 {flare - 4} {hem - 16} {flare} {hem - 3} "
            f"Q {flare * 0.84} {hem + 1.6} {flare * 0.66} {hem + 0.4} "
            f"Q {flare * 0.5} {hem - 0.6} {flare * 0.33} {hem + 1.4} "
            f"Q {flare * 0.16} {hem + 2.6} 0 {hem + 1.2}"
        )
    )
    for side in (-0.66, -0.33, 0.0, 0.33, 0.66):
        canvas.seam(
            trace(f"M {13 * side} -22 Q {16 * side} -4 {flare * side} {hem - rng.uniform(2, 8)}"),
            0.28,
        )
    canvas.plain(
        symmetric("M 0 -29 Q 8 -29 14 -30 L 14.6 -24.6 Q 8 -23.4 0 -23.4"), canvas.dye.trim
    )


def trousers(canvas: Canvas, rng: Random) -> None:
    """Long trousers with pockets and a fly."""
    ankle = rng.uniform(6.6, 9.6)
    _legs(canvas, rng.uniform(36, 40), ankle, rng.uniform(10.5, 13), -4.0)


def shorts(canvas: Canvas, rng: Random) -> None:
    """Shorts, cut as trousers are but wide and ending above the knee."""
    _legs(canvas, rng.uniform(10, 16), rng.uniform(15.5, 18), rng.uniform(12, 14), -8.0)


def _legs(canvas: Canvas, hem: float, ankle: float, centre: float, grain: float) -> None:
    waist = -34.0 if hem > 25 else -22.0
    crotch = waist + 24
    leg = trace(
        f"M -0.2 {waist + 3} L 15 {waist + 2} Q 19.5 {waist + 14} 20 {crotch} "
        f"L {centre + ankle / 2 + 2} {hem} Q {centre} {hem + 1} {centre - ankle / 2} {hem} "
        f"Q 3 {crotch + 6} 0.2 {crotch}"
    )
    canvas.cloth(leg, grain)
    canvas.cloth(mirrored(leg), -grain)
    inside = centre - ankle / 2
    hem_line = [(inside + 0.2, hem - 2.2), (centre + ankle / 2 + 0.6, hem - 2.2)]
    pocket = trace(f"M 9.5 {waist + 4} Q 11 {waist + 10} 18 {waist + 11}")
    for side in (1, -1):
        flip = (lambda path: path) if side == 1 else mirrored
        canvas.stitches(flip(hem_line))
        canvas.seam(flip(pocket), 0.4)
        if hem > 25:
            canvas.seam(flip(trace(f"M {centre - 1} {waist + 12} L {centre + 0.6} {hem - 3}")), 0.2)
    canvas.seam([(0, waist + 4), (0, crotch)], 0.4)
    canvas.stitches(trace(f"M 3 {waist + 5} L 3 {waist + 14} Q 2.6 {waist + 18} 0 {waist + 19}"))
    canvas.plain(
        symmetric(f"M 0 {waist} L 15.2 {waist - 0.6} L 16 {waist + 4} L 0 {waist + 4.8}"),
        canvas.dye.trim,
    )
    canvas.button(0, waist + 2.2, 0.9, (214, 206, 190))
