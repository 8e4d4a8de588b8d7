"""How tops are cut: t-shirt, shirt, hoodie, dress, with their sleeves and necklines."""

from __future__ import annotations

from random import Random

from lookalike.demo.canvas import Canvas
from lookalike.demo.dyes import mix
from lookalike.demo.paths import Points, mirrored, symmetric, trace

_NECK = {
    "crew": (8.5, -26.0),
    "v-neck": (7.5, -15.5),
    "scoop": (11.0, -17.0),
    "square": (10.0, -19.5),
}
_TOP = -31.5


def t_shirt(canvas: Canvas, sleeve: str, neckline: str, rng: Random) -> None:
    """A t-shirt, short- or long-sleeved."""
    hem = rng.uniform(29, 33)
    waist = rng.uniform(15.2, 17.0)
    _sleeves(canvas, sleeve, rng)
    _back_of_neck(canvas, neckline)
    canvas.cloth(
        symmetric(
            f"{_neck_half(neckline)} L 20 -26.6 Q 16.5 -18 {waist} -9 "
            f"Q {waist - 0.6} 10 {waist + 0.8} {hem} Q 8 {hem + 1.6} 0 {hem + 1.6}"
        )
    )
    canvas.stitches(trace(f"M {-waist - 0.6} {hem - 2} Q 0 {hem - 0.2} {waist + 0.6} {hem - 2}"))
    _neckband(canvas, neckline)


def dress(canvas: Canvas, sleeve: str, neckline: str, rng: Random) -> None:
    """A dress with a fitted waist and a flared skirt."""
    hem = rng.uniform(34, 40)
    flare = rng.uniform(20, 26)
    waist = rng.uniform(10.2, 11.6)
    _sleeves(canvas, sleeve, rng, armpit="13.4 -11")
    _back_of_neck(canvas, neckline)
    if sleeve == "sleeveless":
        shoulder, armhole = f"L {_NECK[neckline][0] + 4.2} -30", "Q 12.4 -20"
    else:
        shoulder, armhole = "L 19 -27", "Q 15.4 -19"
    canvas.cloth(
        symmetric(f"{_neck_half(neckline)} {shoulder} {armhole} 14.6 -12 Q 12.5 -5 {waist} 1 L 0 2")
    )
    canvas.cloth(
        symmetric(
            f"M 0 1 L {waist} 0 C {waist + 3} 12 {flare - 2} 26 {flare} {hem - 2} "
            f"Q {flare * 0.75} {hem + 1.4} {flare * 0.5} {hem} "
            f"Q {flare * 0.25} {hem - 0.8} 0 {hem + 0.8}"
        )
    )
    for side in (-0.55, -0.2, 0.22, 0.58):
        canvas.seam(
            trace(f"M {waist * side} 3 Q {waist * side * 1.2} 14 {flare * side} {hem - 5}"), 0.22
        )
    canvas.plain(
        symmetric(f"M 0 -0.6 L {waist + 0.3} -1.4 L {waist + 0.4} 1.6 L 0 2.4"), canvas.dye.trim
    )
    _neckband(canvas, neckline)


def shirt(canvas: Canvas, sleeve: str, rng: Random) -> None:
    """A shirt with a collar, buttons and a chest pocket."""
    hem = rng.uniform(29, 33)
    waist = rng.uniform(16.0, 17.6)
    _sleeves(canvas, sleeve, rng, cuffs=True)
    canvas.plain(symmetric("M 0 -33.5 Q 6 -33.5 8 -31 L 4 -22 L 0 -20"), canvas.dye.shade)
    canvas.cloth(
        symmetric(
            f"M 0 -21.5 L 7.8 -31.5 L 20.5 -26.5 Q 17 -18 {waist} -9 "
            f"Q {waist - 0.5} 10 {waist + 0.6} {hem - 4} Q {waist - 1} {hem + 0.5} 7 {hem + 2} "
            f"Q 3 {hem + 2.4} 0 {hem + 2.4}"
        )
    )
    for edge in (-1.9, 1.9):
        canvas.seam([(edge, -20.5), (edge, hem + 2.2)], 0.3)
    count = 6
    for i in range(count):
        y = -18.5 + i * (hem + 16) / count
        canvas.button(0, y, 0.75, mix(canvas.dye.cloth, (250, 248, 240), 0.75))
    pocket = rng.choice((True, False))
    if pocket:
        canvas.seam(trace("M 5.5 -12 L 13 -12 L 13 -5 L 9.25 -3 L 5.5 -5 L 5.5 -12 L 13 -12"), 0.35)
    wing = trace("M 0.4 -21.4 L 6.6 -32.6 Q 8.6 -32.4 9.4 -30.6 L 8.4 -20.6 Q 4.5 -24 0.4 -21.4")
    for side, grain in ((wing, 40.0), (mirrored(wing), -40.0)):
        canvas.cloth(side, grain)
    canvas.seam(trace("M -6.6 -32.6 Q 0 -35 6.6 -32.6"), 0.4)


def hoodie(canvas: Canvas, rng: Random) -> None:
    """A hoodie with a pouch pocket and drawstrings."""
    hem = rng.uniform(26, 29)
    waist = rng.uniform(17.4, 19.0)
    dye = canvas.dye
    _sleeves(canvas, "long", rng, cuffs=True, width=1.22)
    canvas.cloth(
        symmetric(
            f"M 0 -27 L 9 -31.5 L 20.6 -26.5 Q 18.4 -18 {waist} -8 "
            f"Q {waist + 0.8} 12 {waist - 0.2} {hem} Q 8 {hem + 1} 0 {hem + 1}"
        )
    )
    canvas.plain(
        symmetric(
            f"M 0 {hem + 0.6} Q 8 {hem + 0.6} {waist - 0.6} {hem - 0.4} "
            f"L {waist - 1.4} {hem + 4.6} Q 8 {hem + 5.6} 0 {hem + 5.6}"
        ),
        dye.trim,
    )
    canvas.cloth(
        symmetric(
            f"M 0 {hem - 14} L 8.4 {hem - 14} L 13 {hem - 5} L 13 {hem + 0.2} L 0 {hem + 0.8}"
        )
    )
    canvas.cloth(symmetric("M 0 -41.5 C 9 -41.5 14.5 -36 14 -29 Q 12 -20.5 0 -18.5"), 0.0)
    canvas.plain(symmetric("M 0 -37.5 C 6.5 -37.5 9.6 -34 9 -29.5 Q 7 -24 0 -21.5"), dye.shade)
    canvas.seam(trace("M 0 -21.5 L 0 -18.6"), 0.4)
    string = mix(dye.cloth, (248, 246, 240), 0.8)
    for side, end in ((-1, rng.uniform(-6, -2)), (1, rng.uniform(-6, -2))):
        canvas.seam(trace(f"M {3.4 * side} -21 Q {4.6 * side} -14 {3.8 * side} {end}"), 0.9, string)


def _neck_half(neckline: str) -> str:
    width, depth = _NECK[neckline]
    if neckline == "v-neck":
        return f"M 0 {depth} L {width} {_TOP}"
    if neckline == "square":
        return f"M 0 {depth} L {width - 0.8} {depth} L {width} {_TOP}"
    return f"M 0 {depth} Q {width * 0.85} {depth} {width} {_TOP}"


def _back_of_neck(canvas: Canvas, neckline: str) -> None:
    width, depth = _NECK[neckline]
    canvas.plain(
        symmetric(
            f"M 0 {_TOP + 2.2} Q {width * 0.8} {_TOP + 2} {width} {_TOP} "
            f"L {width * 0.8} {depth} L 0 {depth + 1}"
        ),
        canvas.dye.shade,
    )


def _neckband(canvas: Canvas, neckline: str) -> None:
    half = trace(_neck_half(neckline))
    front = mirrored(reversed(half)) + half
    canvas.seam(front, 2.1, canvas.dye.seam)
    canvas.seam(front, 1.6, canvas.dye.trim)


def _sleeves(
    canvas: Canvas,
    sleeve: str,
    rng: Random,
    *,
    armpit: str = "14.5 -6",
    cuffs: bool = False,
    width: float = 1.0,
) -> None:
    """Both sleeves, behind the body."""
    if sleeve == "sleeveless":
        return
    if sleeve == "short":
        reach, drop = rng.uniform(30.5, 33.5), rng.uniform(-11, -7.5)
        outline = trace(
            f"M 17 -27.8 Q 25 -24.5 {reach} {drop} L {reach - 8.5} {drop + 5.2} Q 18.5 -4 {armpit}"
        )
        hem = [(reach - 1, drop - 1.4), (reach - 9.2, drop + 3.4)]
        _pair(canvas, outline, 28.0)
        for side in (hem, mirrored(hem)):
            canvas.stitches(side)
        return
    reach, drop = rng.uniform(29, 32.5), rng.uniform(21, 25)
    thick = 7.2 * width
    outline = trace(
        f"M 17 -27.8 Q 25.4 -24.4 27 -14 L {reach} {drop} L {reach - thick} {drop + 1.2} "
        f"Q {21.5 - width} 4 {armpit}"
    )
    _pair(canvas, outline, -8.0)
    if cuffs:
        cuff = trace(
            f"M {reach + 0.1} {drop - 4} L {reach - 0.2} {drop + 1.4} "
            f"L {reach - thick + 0.2} {drop + 2.4} L {reach - thick - 0.5} {drop - 2.8}"
        )
        for side in (cuff, mirrored(cuff)):
            canvas.plain(side, canvas.dye.trim)


def _pair(canvas: Canvas, outline: Points, grain: float) -> None:
    canvas.cloth(outline, grain)
    canvas.cloth(mirrored(outline), -grain)
