"""A visitor's own picture on the static site: the browser's model sees what the library's does."""

import io
import time

import numpy as np
import pytest
from PIL import Image

import lookalike
from browsing import browser_page
from lookalike.demo.garments import draw_catalogue

pytestmark = pytest.mark.extra
COUNT = 30


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    table = draw_catalogue(folder, COUNT)
    with lookalike.open(folder) as library:
        library.add(table, path_column="image", label_column="kind")
        report = library.export_site(folder / "site", with_model=True)
    assert 8e6 < report.model < 10e6
    return folder


@pytest.fixture
def page(shop):
    with browser_page(shop / "site" / "index.html") as opened:
        until(opened.page, "window.lookalikeSite?.inside.searcher.whole")
        yield opened.page
        assert opened.noise == []
        at_home = ((shop / "site").as_uri() + "/", "blob:", "data:")
        assert [url for url in opened.loaded if not url.startswith(at_home)] == []


def until(page, holds):
    end = time.monotonic() + 60
    while not page.evaluate(holds):
        assert time.monotonic() < end, f"never: {holds}"
        time.sleep(0.02)


def pick(page, path):
    before = page.evaluate("document.documentElement.dataset.answers ?? ''")
    with page.expect_file_chooser() as chooser:
        page.click("#own")
    chooser.value.set_files(path)
    until(page, f"(document.documentElement.dataset.answers ?? '') !== '{before}'")


def all_scores(page):
    """The similarity of each image to the picture, by id."""
    return dict(
        page.evaluate(
            """(k) => new Promise((resolve) =>
                lookalikeSite.inside.searcher.search(-1, k, ({ rows, scores }) =>
                    resolve([...rows].map((row, i) =>
                        [lookalikeSite.inside.images.ids[row], scores[i]]))))""",
            COUNT,
        )
    )


def garment(shop, number):
    files = sorted(path for path in shop.rglob("*") if path.suffix in {".jpg", ".png"})
    return Image.open(files[number]).convert("RGB")


def turned(shop):
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    garment(shop, 3).rotate(90, expand=True).save(buffer, "JPEG", quality=97, exif=exif)
    return buffer.getvalue()


def see_through(shop):
    rgba = garment(shop, 5).convert("RGBA")
    mask = Image.new("L", rgba.size, 255)
    mask.paste(0, (0, 0, rgba.width // 2, rgba.height // 3))
    rgba.putalpha(mask)
    return as_png(rgba)


def as_png(image):
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


PICTURES = {
    "plain.png": (lambda shop: as_png(garment(shop, 7)), 0.002),
    "wide.png": (lambda shop: as_png(garment(shop, 8).resize((900, 300))), 0.002),
    "tiny.png": (lambda shop: as_png(garment(shop, 9).resize((20, 31))), 0.002),
    "grey.png": (lambda shop: as_png(garment(shop, 10).convert("L")), 0.002),
    "see-through.png": (see_through, 0.002),
    "turned.jpg": (turned, 0.005),
    "large.png": (lambda shop: as_png(garment(shop, 11).resize((2300, 2900))), 0.02),
}
"""Where the browser decodes or halves the picture in its own way, scores differ a little."""


@pytest.mark.parametrize("name", PICTURES)
def test_each_image_is_as_similar_as_the_library_finds_it(shop, page, tmp_path, name):
    make, most = PICTURES[name]
    (tmp_path / name).write_bytes(make(shop))
    pick(page, tmp_path / name)
    found = all_scores(page)
    with lookalike.open(shop, precision="fp32") as library:
        hits = library.search(tmp_path / name, k=COUNT, exact=True, include_query=True)
    assert set(found) == set(hits.ids)
    off = [abs(found[id_] - score) for id_, score in zip(hits.ids, hits.scores, strict=True)]
    assert np.max(off) < most


def test_it_is_shown_filtered_left_and_come_back_to(shop, page, tmp_path):
    (tmp_path / "mine.png").write_bytes(as_png(garment(shop, 12)))
    pick(page, tmp_path / "mine.png")
    assert page.url.endswith("#own=1")
    assert page.inner_text("#query h2") == "Your picture"
    assert page.locator("#query canvas").is_visible()
    first = page.locator("#grid li[data-at='0'] a")
    nearest = first.get_attribute("title").split("\n")[-1]
    first.click()
    until(page, "document.querySelector('#query .id').textContent !== ''")
    assert page.inner_text("#query .id") == nearest
    page.go_back()
    until(page, "document.querySelector('#query canvas') !== null")
    page.click("text=Show all images")
    until(page, "document.getElementById('query').hidden")


def test_what_is_no_picture_is_said_and_a_dropped_one_is_taken(shop, page, tmp_path):
    (tmp_path / "words.png").write_text("no picture")
    with page.expect_file_chooser() as chooser:
        page.click("#own")
    chooser.value.set_files(tmp_path / "words.png")
    until(page, "!document.getElementById('message').hidden")
    assert "cannot read this file" in page.inner_text("#message")
    drop = """([bytes]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], "x.png", { type: "image/png" }));
        const how = { dataTransfer: data, bubbles: true, cancelable: true };
        document.body.dispatchEvent(new DragEvent("drop", how));
    }"""
    page.evaluate(drop, [list(as_png(garment(shop, 2)))])
    until(page, "document.querySelector('#query canvas') !== null")
    assert page.locator("#message").is_hidden()


def test_a_phone_leaves_the_box_for_names_its_width(page):
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.locator("#text").bounding_box()["width"] > 300
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_a_site_without_the_model_has_no_button(shop, tmp_path):
    with lookalike.open(shop) as library:
        assert library.export_site(tmp_path / "site").model == 0
    with browser_page(tmp_path / "site" / "index.html") as opened:
        until(opened.page, "window.lookalikeSite?.inside.searcher.whole")
        assert opened.page.locator("#own").is_hidden()


def test_a_link_to_somebody_elses_picture_shows_all_images(shop):
    with browser_page(shop / "site" / "index.html", query="#own=1") as opened:
        until(opened.page, "window.lookalikeSite?.inside.searcher.whole")
        assert opened.page.locator("#query").is_hidden()
        assert "Choose one" in opened.page.inner_text("#status")
        assert opened.noise == []
