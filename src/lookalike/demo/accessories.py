"""How hats, shoes and bags are made."""

from __future__ import annotations

from random import Random

from lookalike.demo.canvas import Canvas
from lookalike.demo.dyes import mix
from lookalike.demo.paths import ellipse, mirrored, symmetric, trace

_SOLE = (240, 236, 226)


def hat(canvas: Canvas, rng: Random) -> None:
    """A hat with a wide brim and a band."""
    brim, crown, rise = rng.uniform(35, 41), rng.uniform(16.5, 20), rng.uniform(-26, -20)
    canvas.cloth(
        trace(
            f"M {-brim} 8 C {-brim * 0.7} -1 {brim * 0.7} -1 {brim} 8 "
            f"C {brim * 0.8} 22 {-brim * 0.8} 22 {-brim} 8"
        ),
        0.0,
    )
    canvas.seam(
        trace(f"M {-brim + 3.5} 8.6 C {-brim * 0.7} 18.5 {brim * 0.7} 18.5 {brim - 3.5} 8.6"), 0.3
    )
    canvas.cloth(
        symmetric(
            f"M 0 {rise + 2.5} Q {crown * 0.5} {rise - 3} {crown * 0.72} {rise + 2} "
            f"C {crown} {rise + 8} {crown} 0 {crown + 1} 8 Q {crown * 0.5} 12.6 0 12.6"
        )
    )
    canvas.plain(
        symmetric(
            f"M 0 5.4 Q {crown * 0.5} 5.4 {crown + 0.2} 1.6 L {crown + 1} 8.2 "
            f"Q {crown * 0.5} 12.8 0 12.8"
        ),
        canvas.dye.trim,
    )
    canvas.seam(trace(f"M 0 {rise + 3} Q 1.5 {rise + 8} 0.4 {rise + 13}"), 0.4)


def shoe(canvas: Canvas, rng: Random) -> None:
    """A laced sneaker, seen from the side."""
    flip = mirrored if rng.random() < 0.5 else list
    heel, toe = rng.uniform(-13, -8), rng.uniform(35, 39)
    tongue = heel - rng.uniform(3, 6)
    dye = canvas.dye
    canvas.plain(
        flip(trace(f"M -31 {heel} Q -20 {heel - 5} -8 {tongue} L -4 2 L -30 4")), dye.shade
    )
    canvas.plain(
        flip(trace(f"M -9 {tongue + 3} Q -8 {tongue - 3} -3 {tongue - 2.4} L 16 2 L 8 8")), dye.trim
    )
    throat = trace(f"M -6 {heel + 3} Q 4 -2 18 1.6")
    canvas.cloth(
        flip(
            trace(f"M -34 15 Q -35.6 4 -32.6 {heel + 2} Q -31.6 {heel - 2.6} -28.6 {heel - 0.6}")
            + trace(f"M -28.6 {heel - 0.6} C -22 {heel + 7.5} -14 {heel + 7} -6 {heel + 3}")[1:]
            + throat[1:]
            + trace(f"M 18 1.6 C 29 3 {toe} 5 {toe} 15")[1:]
        )
    )
    canvas.plain(
        flip(trace(f"M 20 1.9 C 30 3.4 {toe} 5.4 {toe} 15 L 20 15.5 Q 15.8 8 20 1.9")), _SOLE
    )
    canvas.plain(flip(trace("M -33.9 15 Q -35 8 -34.4 3 Q -28 3.6 -26.4 15")), dye.trim)
    canvas.stitches(flip(trace(f"M -9.4 {heel + 6} Q -2 4 9 9 L 15.6 9.6")), 0.7)
    lace = mix(dye.cloth, (252, 250, 244), 0.92)
    for x, y in throat[3::5]:
        eyelet = flip([(x + 0.4, y + 0.3), (x - 2.6, y + 4.4)])
        canvas.seam(eyelet, 2.0, dye.seam)
        canvas.seam(eyelet, 1.4, lace)
    canvas.plain(
        flip(
            trace(
                f"M -36 13.4 Q -16 15.8 2 14.4 Q 20 12.8 {toe + 0.6} 13 "
                f"Q {toe + 3} 16 {toe + 2} 19.4 Q {toe} 22.4 {toe - 5} 22.4 "
                "L -32 22.4 Q -38 21 -36 13.4"
            )
        ),
        _SOLE,
    )
    canvas.seam(flip(trace(f"M -36 18 Q 0 19 {toe + 1.8} 17.6")), 0.9, dye.trim)


def bag(canvas: Canvas, rng: Random) -> None:
    """A handbag with a flap, a clasp and two handles."""
    width, depth = rng.uniform(24, 28), rng.uniform(24, 29)
    loop = rng.uniform(-36, -29)
    dye = canvas.dye
    canvas.strap(trace(f"M -12 -6 C -13 {loop} 13 {loop} 12 -6"), 2.2, dye.shade)
    canvas.cloth(
        symmetric(
            f"M 0 -8 L {width - 3} -8 Q {width - 0.6} -8 {width - 0.4} -5 "
            f"L {width + 2} {depth - 4} Q {width + 2.4} {depth} {width - 2} {depth} L 0 {depth}"
        )
    )
    canvas.stitches([(2 - width, depth - 2.4), (width - 2, depth - 2.4)])
    canvas.plain(
        symmetric(
            f"M 0 -9 L {width - 2.6} -9 Q {width} -9 {width - 1} -4 L {width - 3.5} 3 "
            f"Q {width - 6} 8 {width - 11} 8.2 L 0 8.6"
        ),
        dye.trim,
    )
    canvas.strap(trace(f"M -14 -2 C -15 {loop + 3} 15 {loop + 3} 14 -2"), 2.2, dye.trim)
    for x in (-14, 14):
        canvas.button(x, -2.4, 1.5, (222, 190, 116))
    canvas.plain(ellipse(0, 8.4, 3, 2.4), (222, 190, 116))
    canvas.seam(trace("M 0 7.4 L 0 9.4"), 0.5, (120, 92, 40))
