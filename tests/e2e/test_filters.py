"""Filters from the shell and from Python: search, explain, remove, columns, colours."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lookalike
from lookalike.errors import FilterError, UnknownNameError
from shell import index, photo, photos, run

COLOURS = {"red": (200, 20, 20), "blue": (20, 60, 200), "green": (20, 140, 40)}
ROWS = [
    {"image": f"{name}-{number}.png", "kind": kind, "price": 10 * number, "day": day}
    for name in COLOURS
    for number, (kind, day) in enumerate(
        [("Dress", "2024-01-31"), ("Hat", "2024-02-01"), ("Dress", "")]
    )
]


def flat(path, colour, number):
    pixels = np.full((64, 64, 3), colour, np.uint8)
    pixels[: 8 * (number + 1), :8] = 127
    Image.fromarray(pixels).save(path)


def drawn(tmp_path):
    for row in ROWS:
        name, number = row["image"].removesuffix(".png").split("-")
        flat(tmp_path / row["image"], COLOURS[name], int(number))
    with (tmp_path / "shop.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(ROWS[0]))
        writer.writeheader()
        writer.writerows(ROWS)
    index(tmp_path, "shop.csv", "--label-column", "kind", "--id-column", "image")
    return tmp_path


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A library that is only read."""
    return drawn(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def other_shop(tmp_path, shop):
    """A copy that is written to."""
    return Path(shutil.copytree(shop, tmp_path / "shop"))


def found(folder, where, *more):
    done = run(folder, "search", "red-0.png", "-k", 20, "--where", where, "--json", *more)
    assert done.code == 0, done.err
    return {hit["id"] for hit in done.json["hits"]}


def test_a_search_gives_every_match_and_only_matches(shop):
    expected = {row["image"] for row in ROWS if row["kind"] == "Dress" and row["price"] < 15}
    assert found(shop, "label = Dress and price < 15") == expected - {"red-0.png"}
    assert found(shop, "label = Dress and price < 15", "--include-query") == expected
    assert found(shop, "day < 2024-02 or day is null", "--include-query") == {
        row["image"] for row in ROWS if row["day"] in {"2024-01-31", ""}
    }
    weights = ("--weight", "main=1")
    assert found(shop, "price = 10", *weights) == {f"{name}-1.png" for name in COLOURS}


def test_a_filter_that_is_wrong_is_shown_with_a_caret(shop):
    done = run(shop, "search", "red-0.png", "--where", "label = Dress and prise < 15")
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines() == [
        "Error: No column 'prise' in this library.",
        "  label = Dress and prise < 15",
        "                    ^^^^^",
        "Did you mean price? Columns: id, label, source, added, format, width, height, size, day, "
        "price",
    ]
    hostile = run(shop, "search", "red-0.png", "--where", "label = 'x'; DROP TABLE images\x1b[2J")
    assert hostile.code == 2
    assert "\x1b" not in hostile.err


def test_nothing_left_is_said_and_no_error(shop):
    done = run(shop, "search", "red-0.png", "--where", "price > 1000")
    assert (done.code, done.rows) == (0, [])
    assert "No image is left by the filter" in done.err


def test_explain_says_what_was_left_and_scanned(shop):
    done = run(shop, "search", "red-0.png", "--where", "label = Hat", "--explain")
    assert "Filter: 3 of 9 images (33.33%)" in done.err
    assert "Scan: exact scan of 3 vectors that are allowed" in done.err
    told = run(shop, "search", "red-0.png", "--explain", "--json").json["explanation"]
    assert (told["images"], told["matches"]) == (9, None)


def test_columns_are_listed_with_kind_values_and_examples(shop):
    columns = {one["name"]: one for one in run(shop, "columns", "list", "--json").json}
    assert {name: one["kind"] for name, one in columns.items()} == {
        "id": "text", "label": "text", "source": "text", "added": "date", "format": "text",
        "width": "number", "height": "number", "size": "number", "day": "date", "price": "number",
    }  # fmt: skip
    assert (columns["day"]["distinct"], columns["day"]["missing"]) == (2, 3)
    assert columns["label"]["examples"] == ["Dress", "Hat"]
    info = run(shop, "info", "--json").json["columns"]
    assert [one["name"] for one in info] == ["day", "price"]


def test_colours_become_a_column_and_new_images_get_theirs(other_shop):
    missing = run(other_shop, "columns", "add", "colour")
    assert missing.code == 2
    assert "lookalike space add colour-histogram colour-histogram" in missing.err
    with lookalike.open(other_shop) as library:
        library.add_space("colour-histogram", "colour-histogram")
    assert run(other_shop, "columns", "add", "colour", "--json").json["contents"] == 9
    with lookalike.open(other_shop) as library:
        assert library.add_column("colour") == 0
        for name in COLOURS:
            expected = [row["image"] for row in ROWS if row["image"].startswith(name)]
            assert library.filter(f"colour = {name}") == expected
        assert len(library.filter("colour in (red, blue) and label = Dress")) == 4
        assert len(library.filter("not colour = red")) == 6
        assert len(library.filter("colour like 'R%'")) == 3
        flat(other_shop / "new.png", COLOURS["red"], 5)
        library.add(other_shop / "new.png")
        assert len(library.filter("colour = red")) == 4
        with pytest.raises(FilterError, match="a list of words"):
            library.filter("colour < red")
        with pytest.raises(UnknownNameError, match="Known: colour"):
            library.add_column("shape")
    dry = run(other_shop, "columns", "drop", "colour", "--dry-run", "--json")
    assert dry.json["contents"] == 10
    with lookalike.open(other_shop) as library:
        assert library.drop_column("colour") == 10
        with pytest.raises(UnknownNameError):
            library.drop_column("colour")
        with pytest.raises(FilterError, match="No column"):
            library.filter("colour = red")


def test_remove_by_a_filter(other_shop):
    dry = run(other_shop, "remove", "--where", "price >= 10", "--dry-run")
    assert sorted(dry.out.split()) == sorted(r["image"] for r in ROWS if r["price"] >= 10)
    assert run(other_shop, "remove", "--where", "price >= 10").code == 0
    with lookalike.open(other_shop) as library:
        assert library.filter("price is not null") == [f"{name}-0.png" for name in COLOURS]
    assert run(other_shop, "remove").code == 2
    assert run(other_shop, "remove", "--where", "prize = 0").code == 2


def test_where_from_a_variable(shop):
    done = run(shop, "search", "red-0.png", "--json", LOOKALIKE_SEARCH_WHERE="label = Hat")
    assert {hit["label"] for hit in done.json["hits"]} == {"Hat"}


def test_from_python(tmp_path):
    photos(tmp_path / "in", range(6))
    photo(tmp_path / "in" / "wide.jpg", 77, quality=80)
    with lookalike.open(tmp_path) as library:
        library.add(tmp_path / "in", label_from="folder")
        hits = library.search("id:000.jpg", k=9, where="id in (001.jpg, '003.jpg', 000.jpg)")
        assert sorted(hits.ids) == ["001.jpg", "003.jpg"]
        assert hits.explanation is not None
        assert hits.explanation.matches == 3
        assert sorted(library.filter("id like '00_.jpg' and width = 96")) == [
            f"00{number}.jpg" for number in range(6)
        ]
        assert [one.name for one in library.columns(("image",))][:2] == ["id", "label"]
        with pytest.raises(FilterError, match="No column 'name'"):
            library.search("id:000.jpg", where="name = x")
        library.remove(["001.jpg"])
        assert library.search("id:000.jpg", where="id = 001.jpg").ids == []
        json.dumps(hits.explanation.as_dict())
