"""The map's page in a real browser: what a person sees, points at and selects."""

import csv
import io

import numpy as np
import pytest
from PIL import Image

import lookalike
from browsing import agrees, browser_page, hover
from lookalike.demo.garments import draw_catalogue
from lookalike.explore.map_columns import legend
from lookalike.explore.map_page import map_page
from lookalike.explore.map_sprites import sprites

pytestmark = pytest.mark.extra
COUNT = 60
EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A library of drawn garments, one of them with a hostile label; its folder and labels."""
    folder = tmp_path_factory.mktemp("shop")
    table = draw_catalogue(folder, COUNT)
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[7]["kind"] = EVIL
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    with lookalike.open(folder) as library:
        library.add(table, path_column="image", label_column="kind")
        drawn = library.map(method="pca")
        (folder / "map.html").write_text(library.map_html(drawn), "utf-8")
        found = library.clusters(k=4)
        library.name_cluster(found.clusters[0].name, EVIL)
        page = library.clusters_html(library.clusters())
        (folder / "clusters.html").write_text(page, "utf-8")
    return folder


@pytest.mark.parametrize("dark", [False, True])
def test_pointing_shows_the_thumbnail_id_and_label(shop, dark):
    with lookalike.open(shop) as library, browser_page(shop / "map.html", dark=dark) as opened:
        page = opened.page
        ids = page.evaluate("lookalikeMap.map.ids")
        assert ids == library.ids
        for row in (0, 7, 33):
            page.evaluate(f"lookalikeMap.zoomTo({row}, 60)")
            hover(page, row)
            assert page.inner_text("#id") == ids[row]
            assert page.inner_text("#label") == library.get(ids[row]).label
            assert agrees(page, library.thumbnail(ids[row]))
            others = [agrees(page, library.thumbnail(ids[other])) for other in (11, 22)]
            assert not all(others)
            page.evaluate(f"lookalikeMap.zoomTo({row}, 1 / 60)")
        assert page.evaluate("document.querySelectorAll('#card img').length") == 0
        opened.assert_quiet(shop / "map.html")


def test_a_lasso_lists_exactly_the_ids_inside(shop):
    with browser_page(shop / "map.html") as opened:
        page = opened.page
        box = page.locator("#stage").bounding_box()
        left, top = box["x"] + 0.2 * box["width"], box["y"] + 0.15 * box["height"]
        right, low = box["x"] + 0.75 * box["width"], box["y"] + 0.9 * box["height"]
        corners = [(left, top), (right, top), ((left + right) / 2, low)]
        places = page.evaluate("lookalikeMap.map.ids.map((_, i) => lookalikeMap.pixels(i))")
        expected = [row for row, at in enumerate(places) if in_triangle(at, corners)]
        assert 0 < len(expected) < COUNT
        page.click("text=Lasso")
        page.mouse.move(*corners[0])
        page.mouse.down()
        for corner in (*corners[1:], corners[0]):
            page.mouse.move(*corner, steps=3)
        page.mouse.up()
        assert page.evaluate("lookalikeMap.selected()") == expected
        ids = page.evaluate("lookalikeMap.map.ids")
        listed = page.locator("#list .id").all_inner_texts()
        assert listed == [ids[row] for row in expected]
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.click("#copy")
        page.locator("#count", has_text="copied").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == "\n".join(listed)
        page.locator("#stage").press("Escape")
        assert page.evaluate("lookalikeMap.selected()") == []
        opened.assert_quiet(shop / "map.html")


def in_triangle(at, corners):
    sides = []
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        sides.append((x1 - x0) * (at[1] - y0) - (y1 - y0) * (at[0] - x0) > 0)
    return len(set(sides)) == 1


def test_the_legend_filters_and_keys_move(shop):
    with browser_page(shop / "map.html") as opened:
        page = opened.page
        assert page.inner_text("#shown") == f"{COUNT} of {COUNT} images"
        first = page.locator("#legend .kind").first
        number = int(first.locator(".number").inner_text())
        first.click()
        assert page.inner_text("#shown") == f"{COUNT - number} of {COUNT} images"
        assert first.get_attribute("aria-pressed") == "false"
        first.click()
        page.fill("#find", "hat-001")
        assert page.inner_text("#shown") == f"1 of {COUNT} images"
        page.fill("#find", "")
        page.select_option("#colour", label="colour")
        assert page.locator("#legend .kind").count() > 2
        stage = page.locator("#stage")
        before = page.evaluate("lookalikeMap.pixels(0)")
        stage.press("ArrowRight")
        assert page.evaluate("lookalikeMap.pixels(0)")[0] == pytest.approx(before[0] - 60)
        for key in ("+", "+", "-", "n", "Enter", "0", "b", "p"):
            stage.press(key)
        assert len(page.evaluate("lookalikeMap.selected()")) == 1
        opened.assert_quiet(shop / "map.html")


def test_zoomed_in_the_points_are_thumbnails(shop):
    with browser_page(shop / "map.html") as opened:
        page = opened.page
        page.evaluate("lookalikeMap.zoomTo(3, 30)")
        assert page.evaluate("lookalikeMap.tileSize()") > 40
        assert page.evaluate("lookalikeMap.measure(5)") > 0
        opened.assert_quiet(shop / "map.html")


def test_thumbnails_of_every_sheet_appear(tmp_path):
    side = 20
    colours = np.random.default_rng(0).integers(0, 256, (side * side, 3), dtype=np.uint8)
    down, right = np.divmod(np.arange(side * side), side)
    points = np.stack([right, down], axis=1).astype(np.float32)

    def picture(row):
        buffer = io.BytesIO()
        Image.new("RGB", (64, 64), tuple(colours[row].tolist())).save(buffer, "WEBP", quality=95)
        return buffer.getvalue()

    drawn = sprites(points, picture)
    assert len(drawn.sheets) == 7
    path = tmp_path / "map.html"
    ids = [str(row) for row in range(side * side)]
    path.write_text(map_page("Sheets", "", ids, [None] * len(ids), points, [], drawn), "utf-8")
    with browser_page(path) as opened:
        page = opened.page
        page.set_viewport_size({"width": 1500, "height": 1100})
        page.evaluate("lookalikeMap.zoomTo(210, 1)")
        assert page.evaluate("lookalikeMap.tileSize()") > 20
        places = np.array(
            page.evaluate("lookalikeMap.map.ids.map((_, i) => lookalikeMap.pixels(i))")
        )
        box = page.locator("#stage").bounding_box()
        inside = [box["x"], box["y"]] < places
        inside &= places < [box["x"] + box["width"], box["y"] + box["height"]]
        rows = np.flatnonzero(inside.all(axis=1))
        assert len(rows) > 300
        for _ in range(50):
            with Image.open(io.BytesIO(page.screenshot())) as shot:
                seen = np.array([shot.getpixel(tuple(places[row].astype(int)))[:3] for row in rows])
            off = np.abs(seen.astype(int) - colours[rows]).max(axis=1)
            if off.max() < 40:
                break
        assert off.max() < 40
        opened.assert_quiet(path)


def test_many_points_are_painted_where_they_lie_without_a_card(tmp_path):
    count = 30_000
    generator = np.random.default_rng(0)
    points = generator.normal(size=(count, 2)).astype(np.float32)
    column = legend("kind", [f"kind {n % 3}" for n in range(count)])
    path = tmp_path / "map.html"
    ids = [str(n) for n in range(count)]
    path.write_text(map_page("Many", "", ids, [None] * count, points, [column], None), "utf-8")
    with browser_page(path) as opened:
        page = opened.page
        hover(page, 12_345)
        assert page.inner_text("#id")
        page.evaluate("lookalikeMap.zoomTo(12345, 400)")
        colour = page.evaluate(
            """() => { const box = document.querySelector('canvas.scatter').getBoundingClientRect();
            const [x, y] = lookalikeMap.pixels(12345);
            const pen = document.querySelector('canvas.scatter').getContext('2d');
            return Array.from(pen.getImageData(x - box.left, y - box.top, 1, 1).data); }"""
        )
        chip = page.locator("#legend .chip").first
        shown = chip.evaluate("one => getComputedStyle(one).backgroundColor")
        assert shown == f"rgb({colour[0]}, {colour[1]}, {colour[2]})"
        assert page.evaluate("lookalikeMap.measure(10)") > 5
        opened.assert_quiet(path)


def test_the_clusters_page_shows_all_its_pictures(shop):
    with browser_page(shop / "clusters.html") as opened:
        page = opened.page
        sizes = page.eval_on_selector_all("img", "all => all.map(i => i.naturalWidth)")
        assert sizes
        assert all(sizes)
        headings = page.locator("h2").all_inner_texts()
        assert len(headings) == 4
        assert EVIL in headings
        opened.assert_quiet(shop / "clusters.html")
