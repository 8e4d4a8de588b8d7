"""Names of colours against those of CSS, and on the garments whose colour is known."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor

from lookalike.demo.garments import draw_catalogue
from lookalike.errors import UsageError
from lookalike.images.decode import decode
from lookalike.images.preprocess import to_input
from lookalike.models.classic.colours import COLOURS, colour_name, dominant_colours
from lookalike.models.classic.oklab import to_oklab
from lookalike.models.model import find_model
from lookalike.models.network import NetworkOptions
from lookalike.types import Floats

SHADES = ("dark", "light", "medium", "deep", "pale", "")
# CSS calls these by names that cloth of that colour does not bear.
APART = {"brown", "darkblue", "lightgray", "lightgrey", "lightyellow"}


def named_by_css() -> dict[str, str]:
    found = {}
    for css in ImageColor.colormap:
        for shade in SHADES:
            name = css.removeprefix(shade).replace("gray", "grey")
            if css.startswith(shade) and name in COLOURS and css not in APART:
                found[css] = name
    return found


def described(picture: Image.Image) -> Floats:
    model = find_model("colour-histogram")
    return model.open(NetworkOptions()).run(to_input(picture, model.preprocessing)[None])[0]


@pytest.mark.parametrize(("css", "name"), named_by_css().items())
def test_the_colours_of_css(css: str, name: str) -> None:
    rgb = ImageColor.getrgb(css)
    assert colour_name(to_oklab(np.array(rgb, np.uint8))) == name
    assert dominant_colours(described(Image.new("RGB", (80, 80), rgb)))[0][0] == name


def test_enough_of_css_is_asked() -> None:
    assert len(named_by_css()) >= 25


def test_stripes_have_their_shares() -> None:
    picture = Image.new("RGB", (90, 90), "red")
    for x in range(0, 90, 9):
        picture.paste((0, 0, 128), (x, 0, x + 3, 90))
    (first, most), (second, less) = dominant_colours(described(picture))
    assert (first, second) == ("red", "navy")
    assert most + less == pytest.approx(1, abs=0.02)
    assert less == pytest.approx(1 / 3, abs=0.05)


def test_the_length_of_the_vector_does_not_matter() -> None:
    vector = described(Image.new("RGB", (64, 64), "orange"))
    half = (vector * 3).astype(np.float16)
    assert dominant_colours(half)[0][0] == dominant_colours(vector)[0][0] == "orange"


def test_a_vector_without_a_peak_still_has_a_name() -> None:
    assert len(dominant_colours(np.ones(968, np.float32))) == 1


@pytest.mark.parametrize("vector", [np.ones(967), np.zeros(968), np.ones((968, 1))])
def test_what_is_no_histogram(vector: Floats) -> None:
    with pytest.raises(UsageError, match="no colour histogram"):
        dominant_colours(vector)


def test_drawn_garments_have_the_colour_of_their_cloth(tmp_path: Path) -> None:
    table = draw_catalogue(tmp_path, count=120)
    first = among = backdrops = 0
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        picture = decode((tmp_path / row["image"]).read_bytes(), shorter_side=128).rgb
        names = [name for name, _ in dominant_colours(described(picture))]
        first += names[0] == row["colour"]
        among += row["colour"] in names
        plain = row["pattern"] == "plain" and row["colour"] != "white"
        backdrops += plain and names[0] in {"white", "beige"}
    assert first >= 0.9 * len(rows)
    assert among >= 0.92 * len(rows)
    assert backdrops == 0
