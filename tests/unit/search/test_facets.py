"""Facets against counts by hand and by brute force, before and after images come and go."""

from collections import Counter
from datetime import datetime

import pytest

import lookalike
from lookalike.errors import FilterError, UnknownNameError
from lookalike.search.filters.facets import BINS
from shell import photo

ROWS = [
    # image, kind, price, day, new
    ("a.png", "hat", "10", "2024-01-01", "true"),
    ("b.png", "hat", "20", "2024-01-11", "false"),
    ("c.png", "sock", "34", "2024-01-25", "true"),
    ("d.png", "sock", "", "", "true"),
]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("facets")
    for seed, row in enumerate(ROWS):
        photo(folder / row[0], seed)
    lines = ["image,kind,price,day,new", *map(",".join, ROWS)]
    (folder / "table.csv").write_text("\n".join(lines) + "\n")
    with lookalike.open(folder) as opened:
        opened.add(folder / "table.csv", path_column="image")
        yield opened


def by_name(library, where=None, *names):
    images, found = library.facets(where, names)
    return images, {facet.name: facet for facet in found}


def test_values_are_counted(library):
    images, found = by_name(library)
    assert images == 4
    assert dict(found["kind"].values) == {"hat": 2, "sock": 2}
    assert found["new"].values == [("true", 3), ("false", 1)]
    assert (found["price"].kind, found["price"].missing) == ("number", 1)
    assert not {"id", "source"} & found.keys()


def test_numbers_are_spread_over_the_range_of_the_whole_library(library):
    _, found = by_name(library, None, "price")
    assert (found["price"].low, found["price"].high) == (10, 34)
    expected = [0] * BINS
    for value in (10, 20, 34):  # steps of one: the last value lies in the last bin
        expected[min(BINS - 1, value - 10)] += 1
    assert list(found["price"].bins) == expected

    images, some = by_name(library, "kind = sock", "price")
    assert (images, some["price"].low, some["price"].high) == (2, 10, 34)
    assert sum(some["price"].bins) == 1 == some["price"].bins[-1]


def test_dates_are_spread_too(library):
    _, found = by_name(library, None, "day")
    facet = found["day"]
    assert (facet.kind, facet.low, facet.high) == ("date", "2024-01-01", "2024-01-25")
    first = datetime(2024, 1, 1)
    days = [datetime.fromisoformat(row[3]) for row in ROWS if row[3]]
    places = Counter(min(BINS - 1, (day - first).days) for day in days)
    assert {place: count for place, count in enumerate(facet.bins) if count} == places


def test_a_filter_narrows_every_column(library):
    images, found = by_name(library, "price >= 20")
    assert images == 2
    assert dict(found["kind"].values) == {"hat": 1, "sock": 1}
    assert found["kind"].missing == 0


def test_one_value_and_none_have_a_histogram_or_no_range(library):
    _, found = by_name(library, "id = a.png", "width", "price")
    assert sum(found["width"].bins) == 1
    images, found = by_name(library, "id = none", "price", "kind")
    assert images == 0
    assert sum(found["price"].bins) == 0
    assert found["kind"].values == []


def test_what_comes_and_goes_is_counted(library, tmp_path):
    photo(tmp_path / "e.png", 9)
    uploader = library.uploader()
    try:
        uploader.add((tmp_path / "e.png").read_bytes(), "e", meta={"kind": "hat", "price": 12})
    finally:
        uploader.close()
    _, found = by_name(library, None, "kind", "price")
    assert dict(found["kind"].values) == {"hat": 3, "sock": 2}
    assert found["price"].bins[2] == 1
    library.delete("e")
    assert dict(by_name(library)[1]["kind"].values) == {"hat": 2, "sock": 2}


def test_unknown_columns_and_filters_are_named(library):
    with pytest.raises(UnknownNameError, match="price"):
        library.facets(None, ["prise"])
    with pytest.raises(FilterError):
        library.facets("nonsense = 3")
