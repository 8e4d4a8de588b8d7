"""The pages of the shared photos in a real browser: each opens, shows and answers rightly."""

import numpy as np
import pytest

import lookalike
from browsing import agrees, browser_page, hover
from clothing import TABLE, needs_clothing

pytestmark = [pytest.mark.extra, needs_clothing]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clothing")
    with lookalike.open(folder) as opened:
        opened.add(
            TABLE, path_template="images/{image}.jpg", id_column="image", label_column="label"
        )
        yield opened


def shown(folder, name, html):
    path = folder / name
    path.write_text(html, "utf-8")
    return path


def pictures(cards):
    """How wide the pictures of some cards really are, once all have come."""
    images = cards.locator("img")
    images.first.wait_for()
    return images.evaluate_all(
        "all => Promise.all(all.map(one => one.decode().then(() => one.naturalWidth)))"
    )


def test_the_map_shows_who_is_pointed_at(library, tmp_path):
    path = shown(tmp_path, "map.html", library.map_html(library.map()))
    with browser_page(path) as opened:
        page = opened.page
        ids = page.evaluate("lookalikeMap.map.ids")
        assert ids == library.ids
        for row in np.random.default_rng(0).integers(len(ids), size=5).tolist():
            page.evaluate(f"lookalikeMap.zoomTo({row}, 400)")
            hover(page, row)
            assert page.inner_text("#id") == ids[row]
            assert page.inner_text("#label") == library.get(ids[row]).label
            assert agrees(page, library.thumbnail(ids[row]))
            page.evaluate(f"lookalikeMap.zoomTo({row}, 1 / 400)")
        opened.assert_quiet(path)


def test_clusters_have_contact_sheets(library, tmp_path):
    found = library.clusters(k=8)
    path = shown(tmp_path, "clusters.html", library.clusters_html(found))
    with browser_page(path) as opened:
        assert opened.page.locator("section").count() >= 8
        assert min(pictures(opened.page.locator("section"))) > 0
        opened.assert_quiet(path)


def test_near_duplicates_and_outliers_have_pages(library, tmp_path):
    found = library.duplicates()
    assert found.groups
    path = shown(tmp_path, "duplicates.html", found.html(found.plan()))
    with browser_page(path) as opened:
        cards = opened.page.locator(".card")
        assert cards.count() == sum(len(group.images) for group in found.groups)
        assert min(pictures(cards)) > 0
        opened.assert_quiet(path)
    path = shown(tmp_path, "outliers.html", library.outliers().html())
    with browser_page(path) as opened:
        assert min(pictures(opened.page.locator(".card"))) > 0
        opened.assert_quiet(path)


def test_a_click_on_the_site_finds_the_neighbours(library, tmp_path):
    library.export_site(tmp_path / "site", title="Clothing")
    with browser_page(tmp_path / "site" / "index.html") as opened:
        page = opened.page
        place = page.locator("#grid li a")
        place.first.wait_for()
        for number in (0, 5):
            asked = place.nth(number).get_attribute("title").split("\n")[-1]
            before = page.evaluate("document.documentElement.dataset.answers ?? ''")
            place.nth(number).click()
            page.locator(f"html:not([data-answers='{before}'])").wait_for(state="attached")
            found = [title.split("\n")[-1] for title in titles(page)]
            best = library.search(f"id:{asked}", k=10, exact=True).ids
            assert [id_ for id_ in found if id_ != asked][:10] == best
        assert opened.noise == []
        home = ((tmp_path / "site").as_uri() + "/", "blob:", "data:")
        assert [url for url in opened.loaded if not url.startswith(home)] == []


def titles(page):
    """Of the grid, in the order of places."""
    return page.evaluate(
        "[...document.querySelectorAll('#grid li')].sort((a, b) => a.dataset.at - b.dataset.at)"
        ".map((one) => one.querySelector('a').title)"
    )
