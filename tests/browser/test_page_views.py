"""Map, clusters, duplicates and library of the served page, in a real browser on a real server."""

import csv
import io
import time
from contextlib import contextmanager
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image

import lookalike
from browsing import browser_at, serious_faults
from lookalike.demo.garments import draw_catalogue
from serving import served

pytestmark = pytest.mark.extra
COUNT = 36
EVIL = "<img src=x onerror=alert(1)>"
HOSTILE = (
    EVIL,
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "</script><script>alert(1)</script>",
    "{alert(1)}{@html '<b>'}${alert(1)}",
    "\u202e<iframe srcdoc='<script>alert(1)</script>'>",
)
VIEWS = ("map", "clusters", "duplicates", "library")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A served library of drawn garments: two copies, three rejects, hostile names, a map."""
    folder = tmp_path_factory.mktemp("shop")
    table = draw_catalogue(folder, COUNT)
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for number, hostile in enumerate(HOSTILE, start=7):
        rows[number] |= {"kind": hostile, "colour": hostile, "caption": hostile}
    for number, row in enumerate(rows):
        row["made in"] = ("Oslo", "Rome", "Lima")[number % 3]
        row["constructor"] = ""
    for number, (name, how) in enumerate(
        [("again.jpg", {"quality": 70}), (f"{EVIL}.webp", {"quality": 80})]
    ):
        with Image.open(folder / rows[number]["image"]) as image:
            image.save(folder / "images" / name, **how)
        rows.append(rows[number] | {"image": f"images/{name}", "constructor": "Ann"})
    for name, data in (
        ("empty.jpg", b""),
        ("page.png", b"<html>"),
        (f"{EVIL}.gif", b"GIF89a"),
    ):
        (folder / "images" / name).write_bytes(data)
        rows.append(rows[0] | {"image": f"images/{name}"})
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    with lookalike.open(folder) as library:
        library.add(table, path_column="image", label_column="kind")
        assert len(library.ids) == COUNT + 2
        library.map(method="pca")
    with served(folder) as server:
        yield folder, f"http://{server.host}:{server.port}/"


@contextmanager
def view(shop, name, **how):
    """A view of the page; at its end nothing was logged and nobody else was asked."""
    _, origin = shop
    with browser_at(f"{origin}#/{name}", **how) as opened:
        yield opened.page
        opened.assert_at_home(origin)


def pixels(page, row):
    box = page.locator(".stage").bounding_box()
    x, y = page.evaluate(f"lookalikeMap.scatter.pixels({row})")
    return box["x"] + x, box["y"] + y


def until(page, holds):
    """Wait; what Playwright itself waits with is barred by the page's policy."""
    end = time.monotonic() + 30
    while not page.evaluate(holds):
        assert time.monotonic() < end, f"never: {holds}"
        time.sleep(0.02)


def ids_of(page):
    until(page, "Boolean(window.lookalikeMap)")
    return page.evaluate("lookalikeMap.ids")


def test_pointing_at_the_map_shows_the_right_thumbnail(shop):
    folder, _ = shop
    with lookalike.open(folder) as library, view(shop, "map") as page:
        ids = ids_of(page)
        assert sorted(ids) == sorted(library.ids)
        for row in (0, 7, 21):
            page.evaluate(f"lookalikeMap.scatter.goTo({row}, 200)")
            page.mouse.move(*pixels(page, row))
            page.locator(".card .id", has_text=ids[row]).wait_for()
            assert page.inner_text(".card .kind") == library.get(ids[row]).label
            shown = page.locator(".card img")
            assert shown.evaluate("one => one.decode().then(() => one.naturalWidth)") > 0
            address = shown.evaluate("one => one.src")
            assert page.request.get(address).body() == library.thumbnail(ids[row])
            page.evaluate(f"lookalikeMap.scatter.goTo({row}, 1 / 200)")


def test_a_lasso_selects_what_is_inside_and_opens_it_in_the_grid(shop):
    with view(shop, "map") as page:
        ids = ids_of(page)
        box = page.locator(".stage").bounding_box()
        left, top = box["x"] + 0.1 * box["width"], box["y"] + 0.05 * box["height"]
        right, low = box["x"] + 0.75 * box["width"], box["y"] + 0.95 * box["height"]
        corners = [(left, top), (right, top), ((left + right) / 2, low)]
        expected = {id_ for row, id_ in enumerate(ids) if in_triangle(pixels(page, row), corners)}
        assert 0 < len(expected) < len(ids)
        page.locator(".stage").press("l")
        page.mouse.move(*corners[0])
        page.mouse.down()
        for corner in (*corners[1:], corners[0]):
            page.mouse.move(*corner, steps=3)
        page.mouse.up()
        page.locator("h2", has_text=f"{len(expected)} selected").wait_for()
        selected = page.evaluate("[...lookalikeMap.scatter.selected].map(r => lookalikeMap.ids[r])")
        assert set(selected) == expected
        page.click("text=Open in grid")
        page.wait_for_url("**/#/search?*")
        page.locator(".results img").first.wait_for()
        until(page, f"document.querySelectorAll('.results img').length >= {min(9, len(expected))}")
        shown = page.eval_on_selector_all(
            ".results img", "all => all.map(one => new URL(one.src).searchParams.get('id'))"
        )
        assert set(shown) <= expected
        page.get_by_text(f"{len(expected)} images").first.wait_for()
        page.go_back()
        page.locator(".stage").wait_for()


def in_triangle(at, corners):
    sides = []
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        sides.append((x1 - x0) * (at[1] - y0) - (y1 - y0) * (at[0] - x0) > 0)
    return len(set(sides)) == 1


def test_a_question_lights_up_its_answer_on_the_map(shop):
    folder, _ = shop
    with lookalike.open(folder) as library:
        asked = library.ids[3]
        hats = [id_ for id_ in library.ids if library.get(id_).label == library.get(asked).label]
    label = quote(library_label(folder, asked))
    with view(shop, f"map?is.label={label}") as page:
        ids_of(page)
        page.locator(".light", has_text=f"{len(hats)} lit").wait_for()
        faint = page.evaluate("[...lookalikeMap.scatter.state].filter(one => one === 3).length")
        assert faint == COUNT + 2 - len(hats)
        page.get_by_label("Stop lighting up").click()
        page.locator(".light").wait_for(state="detached")


def library_label(folder, id_):
    with lookalike.open(folder) as library:
        return library.get(id_).label


def test_a_column_with_a_space_in_its_name_colours_and_narrows_down(shop):
    folder, _ = shop
    with lookalike.open(folder) as library:
        ids = [one.id for one in library.images(COUNT, newest=True, where="\"made in\" = 'Oslo'")]
    with view(shop, "map") as page:
        page.get_by_label("Colour by").select_option(label="made in")
        page.get_by_role("list", name="Legend: made in").get_by_text("Oslo").wait_for()
    with view(shop, "search") as page:
        page.get_by_role("checkbox", name=f"Oslo {len(ids)}").check()
        shown = ".map((one) => one.dataset.id).join()"
        until(page, f"[...document.querySelectorAll('figure a')]{shown} === '{','.join(ids)}'")


def test_clusters_are_found_named_and_opened(shop):
    folder, _ = shop
    with view(shop, "clusters") as page:
        page.get_by_role("button", name="Find clusters").click()
        page.locator("article").first.wait_for(timeout=30_000)
        assert page.locator("article img").first.evaluate("one => one.decode().then(() => true)")
        first = page.locator("article").first
        first.get_by_label("Rename").click()
        box = page.get_by_label("Name of the cluster")
        box.fill(EVIL)
        box.press("Enter")
        page.get_by_role("heading", name=EVIL).wait_for()
        page.reload()
        page.get_by_role("heading", name=EVIL).wait_for()
        with lookalike.open(folder) as library:
            named = {one.name: one.images for one in library.kept_clusters().clusters}
        assert EVIL in named
        page.locator("article", has_text=EVIL).get_by_text("Open in grid").click()
        page.wait_for_url("**/#/search?*")
        page.get_by_text(f"{named[EVIL]} images").first.wait_for()


def test_duplicates_are_planned_moved_and_brought_back_byte_for_byte(shop):
    folder, _ = shop
    before = files_of(folder)
    with view(shop, "duplicates") as page:
        page.get_by_role("button", name="Find near-duplicates").click()
        page.locator(".groups article").first.wait_for(timeout=60_000)
        group = page.locator("article", has_text="images/again.jpg").first
        assert "JPEG" not in group.inner_text() or group.locator(".other").count()
        said = group.locator("div", has_text="constructor").all_inner_texts()
        assert sorted(said) == ["constructor\nAnn", "constructor\nnone"]
        group.locator("li", has_text="images/again.jpg").get_by_text("Goes").click()
        page.locator("article li.goes", has_text="images/again.jpg").wait_for()
        assert group.locator("li", has_text="images/again.jpg").get_by_text("your choice").count()
        page.get_by_role("button", name="Review and apply").click()
        page.locator("dialog td", has_text="images/again.jpg").first.wait_for()
        assert files_of(folder) == before
        page.get_by_role("button", name="Move ").click()
        page.get_by_text("moved to the quarantine").wait_for()
        page.get_by_role("button", name="Undo last plan").wait_for()
        after = files_of(folder)
        assert "again.jpg" not in after
        assert after.items() < before.items()
        page.locator(".toast").get_by_role("button", name="Undo").click()
        page.get_by_text("brought back").wait_for()
        page.get_by_role("button", name="Undo last plan").wait_for(state="detached")
        assert files_of(folder) == before
        with lookalike.open(folder) as library:
            assert len(library.ids) == COUNT + 2
        page.get_by_role("button", name="Look again").click()
        page.get_by_role("button", name="Find near-duplicates").click()
        page.get_by_role("button", name="Not duplicates").first.click()
        page.get_by_text("Remembered").wait_for()


def files_of(folder):
    return {path.name: path.read_bytes() for path in sorted((folder / "images").iterdir())}


def test_rejects_are_shown_with_reasons_and_work_with_its_progress(shop):
    _, origin = shop
    generator = np.random.default_rng(5)
    uploads = []
    for number in range(12):
        small = Image.fromarray(generator.integers(0, 256, (12, 12, 3), dtype=np.uint8))
        buffer = io.BytesIO()
        small.resize((900, 900)).save(buffer, "PNG")
        uploads.append((f"{number}.png", buffer.getvalue()))
    uploads.append((f"{EVIL}.png", b"nothing"))
    with view(shop, "library") as page:
        rejects = page.locator("section", has=page.get_by_role("heading", name="Rejected"))
        rejects.get_by_text(f"images/{EVIL}.gif").wait_for()
        assert rejects.locator("tbody tr").count() == 3
        rejects.get_by_role("button", name="the file has no bytes").click()
        rejects.locator("tbody tr").nth(1).wait_for(state="detached")
        assert "images/empty.jpg" in rejects.locator("tbody").inner_text()
        page.set_input_files(
            "input[type=file]",
            [{"name": name, "mimeType": "image/png", "buffer": data} for name, data in uploads],
        )
        work = page.locator("li", has_text="Add images")
        page.locator("progress[max]").wait_for()
        steps = set()
        until = time.monotonic() + 60
        while work.and_(page.locator(".done")).count() == 0:
            assert time.monotonic() < until
            steps |= set(page.locator(".progress .number").all_inner_texts())
        assert any(" of 13" in step for step in steps)
        page.locator("dd", has_text=str(COUNT + 2 + 12)).first.wait_for()
        answer = page.request.get(f"{origin}v1/images?count=1000").json()
        assert len(answer["images"]) == COUNT + 2 + 12
        added = [one["id"] for one in answer["images"]][COUNT + 2 :]
        for id_ in added:
            page.request.delete(f"{origin}v1/image", params={"id": id_})


@pytest.mark.parametrize("dark", [False, True])
def test_nobody_is_barred_from_the_views(shop, dark):
    for name in VIEWS:
        with view(shop, name, dark=dark) as page:
            page.wait_for_load_state("networkidle")
            assert page.locator("main :is(script, iframe, [onerror], [onload])").count() == 0
            assert serious_faults(page) == []
            page.set_viewport_size({"width": 360, "height": 740})
            assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_keyboard_alone_selects_on_the_map(shop):
    with view(shop, "map") as page:
        ids = ids_of(page)
        stage = page.locator(".stage")
        stage.focus()
        for key in ("+", "ArrowRight", "n", "Enter"):
            page.keyboard.press(key)
        page.locator("h2", has_text="1 selected").wait_for()
        row = page.evaluate("[...lookalikeMap.scatter.selected][0]")
        shown = page.locator("section[aria-label=Selection] li button").get_attribute("title")
        assert shown == ids[row]
        page.keyboard.press("Escape")
        page.locator("h2", has_text="Nothing selected").wait_for()
