"""The static site in a real browser, opened from disk: what is found, filtered, linked, shown."""

import csv
import io
import time

import numpy as np
import pytest
from PIL import Image

import lookalike
from browsing import browser_page
from lookalike.demo.garments import draw_catalogue
from lookalike.explore.map_columns import legend
from lookalike.share.site import Published, write_site

pytestmark = pytest.mark.extra
COUNT = 72
EVIL = "<img src=x onerror=alert(1)>"
ASK = """([row, k]) => new Promise((resolve) => lookalikeSite.inside.searcher.search(row, k,
    (found) => resolve([[...found.rows], [...found.scores]])))"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A library of drawn garments, its map and its site; one has a hostile label."""
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
        library.map(method="pca")
        library.export_site(folder / "site", title=f"Garments {EVIL}")
    return folder


def until(page, holds):
    """Wait; what Playwright itself waits with is barred by the page's policy."""
    end = time.monotonic() + 20
    while not page.evaluate(holds):
        assert time.monotonic() < end, f"never: {holds}"
        time.sleep(0.02)


def opened_site(folder, **how):
    return browser_page(folder / "index.html", **how)


def ready(page):
    until(page, "window.lookalikeSite?.inside.searcher.whole")


def answered(page, act):
    before = page.evaluate("document.documentElement.dataset.answers ?? ''")
    act()
    until(page, f"(document.documentElement.dataset.answers ?? '') !== '{before}'")


def assert_quiet(opened, folder):
    assert opened.noise == []
    at_home = (folder.as_uri() + "/", "blob:", "data:")
    assert [url for url in opened.loaded if not url.startswith(at_home)] == []


def listed(page):
    """The ids in the grid by place."""
    links = page.locator("#grid li a")
    by_place = {}
    for i in range(links.count()):
        at = int(links.nth(i).locator("..").get_attribute("data-at"))
        by_place[at] = links.nth(i).get_attribute("title").split("\n")[-1]
    return [by_place[at] for at in sorted(by_place)]


def test_every_image_finds_what_the_library_finds_in_the_same_order(shop):
    with lookalike.open(shop) as library, opened_site(shop / "site") as opened:
        page = opened.page
        ready(page)
        ids = page.evaluate("lookalikeSite.inside.images.ids")
        assert sorted(ids) == sorted(library.ids)
        for row, id_ in enumerate(ids):
            rows, scores = page.evaluate(ASK, [row, COUNT])
            hits = library.search(f"id:{id_}", k=COUNT, exact=True)
            assert [ids[found] for found in rows] == hits.ids
            assert scores == pytest.approx(hits.scores.tolist(), abs=1e-6)
            labels = page.evaluate("lookalikeSite.inside.images.labels")
            assert [labels[found] for found in rows] == hits.labels
        assert_quiet(opened, shop / "site")


@pytest.mark.parametrize("metric", ["cosine", "ip", "l2"])
def test_the_order_is_that_of_brute_force(tmp_path, metric):
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(400, 37)).astype(np.float16)
    rows[100:130] = rows[7]  # ties: the lower row comes first
    rows[200:300] = rows[8] + rng.normal(scale=2e-3, size=(100, 37))  # nearer than int8 can tell
    rows[350] *= 40
    rows[351] /= 4000
    ids = [f"{i}.jpg" for i in range(400)]
    columns = [legend("label", ["a", "b"] * 200)]
    how = Published("t", "s", metric, rows, ids, [None] * 400, columns, None, lambda _: None)
    write_site(tmp_path / "site", how, lambda *_: None)
    exact = rows.astype(np.float64)
    lengths = np.linalg.norm(exact, axis=1)
    with opened_site(tmp_path / "site") as opened:
        page = opened.page
        ready(page)
        at = {id_: row for row, id_ in enumerate(page.evaluate("lookalikeSite.inside.images.ids"))}
        back = {row: int(id_[:-4]) for id_, row in at.items()}
        for query in (7, 8, 205, 110, 0, 350, 351, 399):
            scores = {
                "cosine": exact @ exact[query] / lengths / lengths[query],
                "ip": exact @ exact[query],
                "l2": -((exact - exact[query]) ** 2).sum(axis=1),
            }[metric]
            scores[(rows == rows[7]).all(axis=1)] = scores[7]  # BLAS sums them in other orders
            order = [row for row in np.lexsort((np.arange(400), -scores)) if row != query]
            for k in (1, 25, 399):
                found, _ = page.evaluate(ASK, [at[ids[query]], k])
                assert [back[row] for row in found] == order[:k]
        assert_quiet(opened, tmp_path / "site")


def test_a_click_asks_and_back_goes_back(shop):
    with lookalike.open(shop) as library, opened_site(shop / "site", dark=True) as opened:
        page = opened.page
        ready(page)
        first = listed(page)
        answered(page, page.locator("#grid a").nth(5).click)
        hits = library.search(f"id:{first[5]}", k=30, exact=True)
        assert listed(page)[:30] == hits.ids
        assert page.inner_text("#query .id") == first[5]
        score = page.locator("#grid li[data-at='0'] .score").inner_text()
        assert score == f"{hits.scores[0]:.2f}"
        answered(page, page.locator("#grid li[data-at='2'] a").click)
        assert page.inner_text("#query .id") == hits.ids[2]
        answered(page, page.go_back)
        assert listed(page)[:30] == hits.ids
        link = page.evaluate("location.hash")
        page.go_back()
        until(page, "document.getElementById('query').hidden")
        assert listed(page) == first
        assert_quiet(opened, shop / "site")
    with opened_site(shop / "site", query=link) as opened:
        until(opened.page, "document.documentElement.dataset.answers")
        assert listed(opened.page)[:30] == hits.ids
        assert_quiet(opened, shop / "site")


def test_filters_narrow_what_is_shown_and_found(shop):
    with lookalike.open(shop) as library, opened_site(shop / "site") as opened:
        page = opened.page
        ready(page)
        page.click("summary:text-is('label')")
        page.get_by_role("checkbox", name="hat", exact=False).first.check()
        hats = {id_ for id_ in library.ids if library.get(id_).label == "hat"}
        assert set(listed(page)) == hats
        assert page.inner_text("#status") == f"{len(hats)} of {COUNT} images"
        page.keyboard.press("Escape")
        for _ in range(3):
            answered(page, lambda: page.click("#random"))
            asked = page.inner_text("#query .id")
            assert asked in hats
            hits = library.search(f"id:{asked}", k=50, where="label = 'hat'", exact=True)
            assert listed(page) == hits.ids
        page.click("text=Show all images")
        page.fill("#text", "HAT-00")
        expected = {id_ for id_ in hats if "hat-00" in id_}
        assert set(listed(page)) == expected
        page.fill("#text", "nothing is called so")
        assert page.inner_text("#message h2") == "Nothing fits these filters"
        page.click("#message button")
        until(page, "document.querySelectorAll('#grid li').length > 20")
        assert page.inner_text("#chips") == ""
        assert_quiet(opened, shop / "site")


def test_each_cell_shows_its_own_thumbnail(shop):
    with lookalike.open(shop) as library, opened_site(shop / "site") as opened:
        page = opened.page
        ready(page)
        ids = listed(page)
        for at in (0, 3, 17):
            cell = page.locator(f"#grid li[data-at='{at}'] .picture")
            until(page, f"document.querySelector(\"#grid li[data-at='{at}'] .picture.ready\")")
            seen = small(Image.open(io.BytesIO(cell.screenshot())))
            right = distance(seen, library.thumbnail(ids[at]))
            wrong = min(distance(seen, library.thumbnail(ids[other])) for other in (8, 25, 26))
            assert right < wrong / 2


def small(image):
    middle = image.convert("RGB").crop([side // 8 * n for n in (1, 7) for side in image.size])
    return np.asarray(middle.resize((12, 12), Image.Resampling.BOX), float)


def distance(seen, webp):
    return np.abs(seen - small(Image.open(io.BytesIO(webp)))).mean()


def test_hostile_names_stay_text(shop):
    with lookalike.open(shop) as library, opened_site(shop / "site") as opened:
        page = opened.page
        ready(page)
        assert page.inner_text("h1") == f"Garments {EVIL}"
        (evil,) = [id_ for id_ in library.ids if library.get(id_).label == EVIL]
        page.evaluate("id => { location.hash = new URLSearchParams({ id, text: id }) }", evil)
        until(page, "!document.getElementById('query').hidden")
        assert page.inner_text("#query h2") == EVIL
        page.evaluate("id => { location.hash = new URLSearchParams({ id }) }", EVIL)
        until(page, "!document.getElementById('message').hidden")
        assert EVIL in page.inner_text("#message")
        assert page.locator("main img").count() == 0
        assert_quiet(opened, shop / "site")


def test_the_map_leads_to_the_image_pointed_at(shop):
    with opened_site(shop / "site", query="#map=1") as opened:
        page = opened.page
        ready(page)
        ids = page.evaluate("lookalikeSite.inside.images.ids")
        box = page.locator("#map .stage").bounding_box()
        for row in (4, 40):
            x, y = page.evaluate(f"lookalikeSite.inside.map.pixels({row})")
            nearest = page.evaluate(f"lookalikeSite.inside.map.at({x}, {y})")
            page.mouse.move(box["x"] + x, box["y"] + y)
            assert page.locator("#map .card").is_visible()
            answered(page, lambda x=x, y=y: page.mouse.click(box["x"] + x, box["y"] + y))
            assert page.inner_text("#query .id") == ids[nearest]
        assert_quiet(opened, shop / "site")


def test_keys_walk_the_grid_and_nothing_is_wider_than_a_phone(shop):
    with opened_site(shop / "site") as opened:
        page = opened.page
        page.set_viewport_size({"width": 360, "height": 740})
        ready(page)
        page.locator("#grid a").first.focus()
        for key in ("ArrowRight", "ArrowDown", "End", "Home", "ArrowRight"):
            page.keyboard.press(key)
        second = listed(page)[1]
        answered(page, lambda: page.keyboard.press("Enter"))
        assert page.inner_text("#query .id") == second
        page.keyboard.press("m")
        until(page, "!document.getElementById('map').hidden")
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        assert_quiet(opened, shop / "site")


def test_a_file_that_is_gone_is_said(shop, tmp_path):
    import shutil

    folder = tmp_path / "site"
    shutil.copytree(shop / "site", folder)
    (folder / "data" / "vectors-0.js").unlink()
    with opened_site(folder) as opened:
        until(opened.page, "!document.getElementById('message').hidden")
        assert "vectors-0.js" in opened.page.inner_text("#message")
    (folder / "data" / "site.js").unlink()
    with opened_site(folder) as opened:
        until(opened.page, "document.getElementById('status').className === 'fault'")
        assert "site.js" in opened.page.inner_text("#status")
