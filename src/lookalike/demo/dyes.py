"""The colours of a garment: its cloth, the pattern on it, its seams, shaded parts and trimmings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

Colour: TypeAlias = tuple[int, int, int]

_WHITE: Colour = (255, 255, 255)
_BLACK: Colour = (0, 0, 0)
_INK: Colour = (20, 18, 26)
_CLOTH: Mapping[str, tuple[Colour, tuple[Colour, ...]]] = {
    "black": ((42, 42, 47), ((226, 220, 208), (150, 152, 160))),
    "white": ((246, 244, 239), ((52, 72, 122), (190, 62, 66), (96, 130, 110))),
    "grey": ((156, 160, 167), ((240, 240, 238), (84, 88, 98))),
    "navy": ((44, 60, 106), ((240, 236, 226), (146, 178, 218))),
    "blue": ((92, 148, 212), ((244, 244, 242), (36, 66, 124))),
    "red": ((200, 58, 58), ((248, 236, 222), (112, 24, 34))),
    "pink": ((238, 166, 184), ((252, 244, 242), (170, 62, 96))),
    "yellow": ((244, 204, 88), ((252, 248, 236), (196, 116, 40))),
    "green": ((78, 138, 100), ((240, 240, 224), (30, 76, 58))),
    "brown": ((148, 106, 74), ((242, 230, 212), (84, 54, 36))),
}
COLOURS = tuple(_CLOTH)


@dataclass(frozen=True, slots=True)
class Dye:
    """The colours one garment is drawn in."""

    cloth: Colour
    accent: Colour
    seam: Colour
    shade: Colour
    trim: Colour


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`first` with a `share` (0..1) of `second` in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def dye(colour: str, rng: Random, contrasting_trim: bool) -> Dye:
    """The colours that go with a colour's name, a little lighter or darker each time."""
    base, accents = _CLOTH[colour]
    tone = rng.uniform(-0.07, 0.07)
    cloth = mix(base, _WHITE if tone > 0 else _BLACK, abs(tone))
    accent = rng.choice(accents)
    return Dye(
        cloth=cloth,
        accent=accent,
        seam=mix(cloth, _WHITE, 0.25) if max(cloth) < 70 else mix(cloth, _INK, 0.4),
        shade=mix(cloth, _INK, 0.36),
        trim=accent if contrasting_trim else mix(cloth, _INK, 0.14),
    )
