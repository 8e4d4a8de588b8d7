"""The pages of near-duplicates and of outliers in a real browser."""

import numpy as np
import pytest
from PIL import Image, ImageOps

import lookalike
from browsing import browser_page
from shell import picture

pytestmark = pytest.mark.extra


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    photos = folder / "photos"
    photos.mkdir()
    for seed in range(4):
        picture(seed, 320, 240).save(photos / f"{seed}.png")
    ImageOps.mirror(picture(0, 320, 240)).save(photos / "<img src=x onerror=alert(1)>.png")
    Image.fromarray(np.full((240, 320, 3), 255, np.uint8)).save(photos / "white.png")
    with lookalike.open(folder) as opened:
        opened.add(photos)
        yield opened


def test_near_duplicates_side_by_side(library, tmp_path):
    found = library.duplicates()
    path = tmp_path / "duplicates.html"
    path.write_text(found.html(found.plan()), "utf-8")
    with browser_page(path) as opened:
        cards = opened.page.locator(".card")
        assert cards.count() == 2
        assert cards.locator("img").evaluate_all("all => all.map(i => i.naturalWidth)") == [256] * 2
        assert cards.locator(".verdict").all_inner_texts() == ["stays", "may go"]
        assert "mirrored" in cards.nth(1).inner_text()
        assert cards.nth(1).locator("img").get_attribute("alt") in {
            "0.png",
            "<img src=x onerror=alert(1)>.png",
        }
        opened.assert_quiet(path)


def test_outliers(library, tmp_path):
    path = tmp_path / "outliers.html"
    path.write_text(library.outliers().html(), "utf-8")
    with browser_page(path, dark=True) as opened:
        blank = opened.page.locator("#blank .card")
        assert blank.count() == 1
        assert blank.locator("img").get_attribute("alt") == "white.png"
        box = blank.locator("img").bounding_box()
        frame = blank.locator(".frame").bounding_box()
        assert box["height"] <= frame["height"] + 1
        opened.assert_quiet(path)
