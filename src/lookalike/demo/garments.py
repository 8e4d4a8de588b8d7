"""The demo catalogue: which garments there are, what they are called, and their pictures."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from random import Random

from PIL import Image

from lookalike.demo import accessories, bottoms, tops
from lookalike.demo.canvas import Canvas, Pose
from lookalike.demo.dyes import COLOURS, Colour, dye
from lookalike.demo.fabrics import PATTERNS, fabric
from lookalike.errors import UsageError

_GROUNDS: tuple[Colour, ...] = (
    (246, 243, 238),
    (240, 243, 246),
    (246, 240, 235),
    (239, 244, 238),
    (243, 240, 246),
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a kind comes in, and how it fills the picture: scale, shift down, number of folds."""

    scale: float
    down: float
    folds: int
    sleeves: tuple[str, ...] = ("",)
    necklines: tuple[str, ...] = ("",)


_KINDS: Mapping[str, _Kind] = {
    "t-shirt": _Kind(1.2, -0.5, 5, ("short", "long"), ("crew", "v-neck", "scoop")),
    "shirt": _Kind(1.18, 0, 5, ("short", "long"), ("collar",)),
    "hoodie": _Kind(1.13, 3, 5, ("long",), ("hood",)),
    "dress": _Kind(
        1.1, -3.5, 5, ("sleeveless", "short", "long"), ("crew", "v-neck", "scoop", "square")
    ),
    "skirt": _Kind(1.2, -0.5, 5),
    "trousers": _Kind(1.12, -2, 5),
    "shorts": _Kind(1.6, 5, 4),
    "hat": _Kind(1.1, 3, 2),
    "shoe": _Kind(1.12, -5, 0),
    "bag": _Kind(1.18, 1.5, 0),
}
KINDS = tuple(_KINDS)


@dataclass(frozen=True, slots=True)
class Garment:
    """What a garment is; `sleeve` and `neckline` are empty where the kind has none."""

    kind: str
    pattern: str
    sleeve: str
    neckline: str
    colour: str

    @property
    def caption(self) -> str:
        """One sentence, such as "A striped navy dress with short sleeves and a v-neck"."""
        pair = "pair of " if self.kind in {"trousers", "shorts"} else ""
        sleeves = "no" if self.sleeve == "sleeveless" else self.sleeve
        neck = self.neckline if self.neckline in {"v-neck", "collar", "hood"} else "neck"
        rounded = "" if neck == self.neckline else f"{self.neckline} "
        parts = [f"{sleeves} sleeves"] * bool(sleeves) + [f"a {rounded}{neck}"] * bool(
            self.neckline
        )
        return f"A {pair}{self.pattern} {self.colour} {self.kind}" + (
            f" with {' and '.join(parts)}" if parts else ""
        )


def garments(count: int, seed: int) -> Iterator[Garment]:
    """`count` garments, the kinds in turn, every variant of a kind before any comes again."""
    rng = Random(seed)  # noqa: S311 - a drawing, not a secret
    variants = {
        name: [
            Garment(name, *look)
            for look in product(PATTERNS, kind.sleeves, kind.necklines, COLOURS)
        ]
        for name, kind in _KINDS.items()
    }
    for looks in variants.values():
        rng.shuffle(looks)
    for i in range(count):
        looks = variants[KINDS[i % len(KINDS)]]
        yield looks[i // len(KINDS) % len(looks)]


def draw_garment(spec: Garment, rng: Random) -> Image.Image:
    """The picture of a garment; `rng` settles the pose, proportions, backdrop and folds."""
    colours = dye(spec.colour, rng, spec.pattern == "plain" and rng.random() < 0.3)
    kind = _KINDS[spec.kind]
    size = kind.scale * rng.uniform(0.92, 1.04)
    pose = Pose(
        turn=rng.gauss(0, 3.5),
        width=size * rng.uniform(0.95, 1.05),
        height=size * rng.uniform(0.96, 1.04),
        offset=(rng.uniform(-2.5, 2.5), rng.uniform(-2, 2) + kind.down),
    )
    ground = rng.choice(_GROUNDS)
    canvas = Canvas(pose, colours, fabric(spec.pattern, colours, rng), ground)
    match spec.kind:
        case "t-shirt":
            tops.t_shirt(canvas, spec.sleeve, spec.neckline, rng)
        case "shirt":
            tops.shirt(canvas, spec.sleeve, rng)
        case "hoodie":
            tops.hoodie(canvas, rng)
        case "dress":
            tops.dress(canvas, spec.sleeve, spec.neckline, rng)
        case "skirt":
            bottoms.skirt(canvas, rng)
        case "trousers":
            bottoms.trousers(canvas, rng)
        case "shorts":
            bottoms.shorts(canvas, rng)
        case "hat":
            accessories.hat(canvas, rng)
        case "shoe":
            accessories.shoe(canvas, rng)
        case "bag":
            accessories.bag(canvas, rng)
    return canvas.finish(kind.folds, rng)


def draw_catalogue(folder: Path, count: int = 400, seed: int = 628) -> Path:
    """Draw `count` garments as `images/*.jpg` under `folder`.

    Returns the path of `captions.csv` in `folder`, written last; its columns are image (relative
    path), kind, pattern, sleeve, neckline, colour, caption. The same seed gives the same bytes
    with the same version of Pillow, and a smaller count gives the first of a larger one. Raises
    `UsageError` for a count below 1.
    """
    if count < 1:
        raise UsageError(f"A catalogue of {count} garments cannot be drawn; ask for at least 1.")
    (folder / "images").mkdir(parents=True, exist_ok=True)
    rows = []
    for i, garment in enumerate(garments(count, seed)):
        name = f"images/{garment.kind}-{i // len(KINDS) + 1:03d}.jpg"
        rng = Random(f"{seed}/{i}")  # noqa: S311 - a drawing, not a secret
        draw_garment(garment, rng).save(folder / name, quality=90)
        rows.append({"image": name, **asdict(garment), "caption": garment.caption})
    table = folder / "captions.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return table
