import csv
from collections import Counter
from itertools import product
from random import Random

import numpy as np
import pytest
from PIL import Image

from lookalike.demo.dyes import COLOURS
from lookalike.demo.fabrics import PATTERNS
from lookalike.demo.garments import KINDS, Garment, draw_catalogue, draw_garment, garments
from lookalike.errors import UsageError

NAMED = {
    "black": (45, 45, 50),
    "white": (240, 240, 235),
    "grey": (150, 150, 155),
    "navy": (40, 55, 100),
    "blue": (85, 140, 205),
    "red": (190, 50, 50),
    "pink": (230, 160, 180),
    "yellow": (235, 195, 80),
    "green": (75, 130, 95),
    "brown": (140, 100, 70),
}


def pixels(spec: Garment, seed: int = 1) -> np.ndarray:
    return np.asarray(draw_garment(spec, Random(seed)), dtype=np.int16)


def rows(table):
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        draw_catalogue(tmp_path / name, 20, seed)
    a, b, c = (contents(tmp_path / name) for name in "abc")
    assert a == b
    assert a.keys() == c.keys()
    assert all(a[name] != c[name] for name in a)
    assert len(set(a.values())) == 21


def test_a_smaller_catalogue_is_the_beginning_of_a_larger_one(tmp_path):
    small = contents(draw_catalogue(tmp_path / "small", 7).parent)
    large = contents(draw_catalogue(tmp_path / "large", 12).parent)
    small.pop("captions.csv")
    assert small.items() <= large.items()


def test_the_table_names_every_picture(tmp_path):
    table = draw_catalogue(tmp_path / "new" / "demo", 23)
    assert table == tmp_path / "new" / "demo" / "captions.csv"
    lines = rows(table)
    assert ",".join(lines[0]) == "image,kind,pattern,sleeve,neckline,colour,caption"
    assert {line["image"] for line in lines} == contents(table.parent).keys() - {"captions.csv"}
    for line in lines:
        with Image.open(table.parent / line["image"]) as picture:
            assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (400, 400))
        assert line["image"].startswith(f"images/{line['kind']}-")
        assert all(line[key] in line["caption"] for key in ("kind", "pattern", "colour"))
    assert b"\r" not in table.read_bytes()


def test_kinds_come_in_turn_and_no_variant_twice():
    catalogue = list(garments(400, 628))
    assert Counter(garment.kind for garment in catalogue) == dict.fromkeys(KINDS, 40)
    assert len(set(catalogue)) == 400
    assert {garment.pattern for garment in catalogue} == set(PATTERNS)
    assert {garment.colour for garment in catalogue} == set(COLOURS) == set(NAMED)
    assert len(list(garments(1001, 628))) == 1001


def test_sleeves_and_necklines_only_where_they_make_sense():
    seen: dict[str, tuple[set[str], set[str]]] = {kind: (set(), set()) for kind in KINDS}
    for garment in garments(2000, 1):
        seen[garment.kind][0].add(garment.sleeve)
        seen[garment.kind][1].add(garment.neckline)
    assert seen["dress"] == (
        {"sleeveless", "short", "long"},
        {"crew", "v-neck", "scoop", "square"},
    )
    assert seen["shirt"] == ({"short", "long"}, {"collar"})
    for kind in ("skirt", "trousers", "shorts", "hat", "shoe", "bag"):
        assert seen[kind] == ({""}, {""})


@pytest.mark.parametrize(
    ("spec", "caption"),
    [
        (
            Garment("dress", "striped", "sleeveless", "v-neck", "navy"),
            "A striped navy dress with no sleeves and a v-neck",
        ),
        (
            Garment("t-shirt", "plain", "short", "crew", "red"),
            "A plain red t-shirt with short sleeves and a crew neck",
        ),
        (
            Garment("hoodie", "dotted", "long", "hood", "grey"),
            "A dotted grey hoodie with long sleeves and a hood",
        ),
        (Garment("trousers", "checked", "", "", "brown"), "A pair of checked brown trousers"),
        (Garment("bag", "floral", "", "", "pink"), "A floral pink bag"),
    ],
)
def test_captions(spec, caption):
    assert spec.caption == caption


def test_a_plain_garment_has_the_colour_it_is_called_by():
    for kind, colour in product(("t-shirt", "skirt", "trousers"), COLOURS):
        sleeve, neck = ("short", "crew") if kind == "t-shirt" else ("", "")
        picture = pixels(Garment(kind, "plain", sleeve, neck, colour))
        cloth = np.median(picture[120:300, 160:240].reshape(-1, 3), axis=0)
        nearest = min(NAMED, key=lambda name: np.linalg.norm(cloth - NAMED[name]))
        assert nearest == colour, kind


def test_every_variant_stands_free_on_a_light_ground():
    variants = {}
    for garment in garments(5000, 3):
        variants.setdefault((garment.kind, garment.pattern, garment.sleeve, garment.neckline))
    assert len(variants) == 6 * (6 + 2 + 1 + 12 + 6)
    for number, (kind, pattern, sleeve, neckline) in enumerate(variants):
        picture = pixels(Garment(kind, pattern, sleeve, neckline, "navy"), number)
        rim = np.concatenate([picture[:4].reshape(-1, 3), picture[-4:].reshape(-1, 3)])
        sides = np.concatenate([picture[:, :3].reshape(-1, 3), picture[:, -3:].reshape(-1, 3)])
        assert min(rim.min(), sides.min()) > 150, (kind, pattern, sleeve, neckline)
        dark = (picture.max(axis=2) < 150).mean()
        assert 0.03 < dark < 0.6, (kind, pattern, sleeve, neckline)


def test_patterns_differ_from_plain_cloth_and_from_each_other():
    pictures = [pixels(Garment("skirt", pattern, "", "", "green")) for pattern in PATTERNS]
    for i, first in enumerate(pictures):
        for second in pictures[i + 1 :]:
            assert (np.abs(first - second).max(axis=2) > 40).mean() > 0.02


def test_a_count_below_one_is_refused(tmp_path):
    with pytest.raises(UsageError, match="at least 1"):
        draw_catalogue(tmp_path, 0)
    assert list(tmp_path.iterdir()) == []
