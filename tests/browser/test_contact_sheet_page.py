"""The contact sheet in a real browser."""

import pytest

from browsing import browser_page
from lookalike.search.sheet import SheetGroup, SheetMatch, SheetQuery, contact_sheet
from shell import photo

pytestmark = pytest.mark.extra


def test_a_contact_sheet_shows_its_pictures_and_asks_for_nothing(tmp_path):
    picture = photo(tmp_path / "a.jpg", 1).read_bytes()
    hostile = "<img src=x onerror=alert(1)>"
    match = SheetMatch(1, hostile, hostile, 0.9, 0.1, picture)
    path = tmp_path / "sheet.html"
    group = SheetGroup(SheetQuery(hostile, picture), [match])
    path.write_text(contact_sheet(hostile, [group]), "utf-8")
    with browser_page(path) as opened:
        sizes = opened.page.eval_on_selector_all("img", "all => all.map(i => i.naturalWidth)")
        assert sizes == [96, 96]
        opened.assert_quiet(path)
