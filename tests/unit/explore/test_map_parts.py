"""The parts of a map: neighbours, its judgement, grids, sheets of thumbnails, legends, the page."""

import io
import json
import math
import re
import sys

import numpy as np
import pytest
from PIL import Image

from lookalike.errors import MissingExtraError
from lookalike.explore.map_columns import BINS, MOST, coded_legend, legend
from lookalike.explore.map_neighbours import neighbours_of
from lookalike.explore.map_page import map_page
from lookalike.explore.map_picture import CELL, grid_cells, map_picture
from lookalike.explore.map_place import settled
from lookalike.explore.map_quality import quality
from lookalike.explore.map_sprites import spatial_order, sprites

RNG = np.random.default_rng(3)


def webp(colour: tuple[int, int, int], size: tuple[int, int] = (40, 20)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "WEBP", lossless=True)
    return buffer.getvalue()


@pytest.mark.parametrize("metric", ["cosine", "l2"])
def test_neighbours_are_those_of_brute_force(metric):
    matrix = RNG.normal(size=(300, 12)).astype(np.float16)
    wide = matrix.astype(np.float64)
    if metric == "cosine":
        wide /= np.linalg.norm(wide, axis=1, keepdims=True)
        closeness = wide @ wide.T
    else:
        closeness = -((wide[:, None] - wide[None]) ** 2).sum(axis=2)
    np.fill_diagonal(closeness, -np.inf)
    rows, scores = neighbours_of(matrix, matrix, 5, metric, own=np.arange(300))
    assert (rows == np.argsort(-closeness, axis=1)[:, :5]).all()
    assert (np.diff(scores, axis=1) <= 0).all()
    some, _ = neighbours_of(matrix[:7], matrix, 3, metric, own=None)
    assert (some[:, 0] == np.arange(7)).all()


def test_what_placing_lacks_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "openTSNE", None)
    with pytest.raises(MissingExtraError, match=r"lookalike\[explore\]"):
        settled(np.zeros((9, 2)), np.zeros((1, 2)), np.zeros((1, 3), np.int64))


def test_a_row_with_many_copies_is_never_its_own_neighbour():
    matrix = np.ones((40, 4), np.float16)
    rows, _ = neighbours_of(matrix, matrix, 6, "cosine", own=np.arange(40))
    assert rows.shape == (40, 6)
    assert (rows != np.arange(40)[:, None]).all()


def test_a_map_that_is_the_vectors_is_perfect_and_a_scrambled_one_is_not():
    points = RNG.normal(size=(60, 2)).astype(np.float16)
    perfect = quality(points, points.astype(np.float32), "l2", 5)
    assert (perfect.preservation, perfect.trustworthiness) == (1, 1)
    scrambled = quality(points, RNG.permutation(points).astype(np.float32), "l2", 5)
    assert scrambled.preservation < 0.3
    assert scrambled.trustworthiness < 0.7
    assert quality(points[:2], points[:2].astype(np.float32), "l2", 5) is None


def test_no_two_points_share_a_cell_and_left_stays_left():
    points = RNG.normal(size=(90, 2)).astype(np.float32)
    cells = grid_cells(points, 10)
    assert len({tuple(cell) for cell in cells.tolist()}) == 90
    assert cells.min() >= 0
    assert cells.max() < 10
    corners = np.array([[-9, 9], [9, 9], [-9, -9], [9, -9]], np.float32)
    assert grid_cells(corners, 2).tolist() == [[0, 0], [1, 0], [0, 1], [1, 1]]
    assert len({tuple(c) for c in grid_cells(np.zeros((7, 2), np.float32), 3).tolist()}) == 7


def test_a_picture_shows_each_thumbnail_in_its_corner():
    colours = [(250, 0, 0), (0, 250, 0), (0, 0, 250), (90, 90, 90)]
    corners = np.array([[-9, 9], [9, 9], [-9, -9], [9, -9]], np.float32)
    png = map_picture(corners, lambda row: webp(colours[row]))
    with Image.open(io.BytesIO(png)) as image:
        assert image.size == (2 * CELL, 2 * CELL)
        shown = [image.getpixel((CELL // 2 + CELL * (i % 2), CELL // 2 + CELL * (i // 2)))
                 for i in range(4)]  # fmt: skip
    assert np.abs(np.array(shown) - colours).max() <= 2
    assert map_picture(np.zeros((0, 2), np.float32), lambda _: None)


def test_every_image_is_on_the_tile_that_is_said():
    points = RNG.normal(size=(70, 2)).astype(np.float32)
    colours = [(3 * i, 255 - 3 * i, (40 * i) % 256) for i in range(70)]
    made = sprites(points, lambda row: None if row == 5 else webp(colours[row]))
    assert made.tiles[5] == -1
    assert sorted(made.tiles.tolist())[1:] == list(range(69))
    sheets = [Image.open(io.BytesIO(sheet)).convert("RGBA") for sheet in made.sheets]
    for row in range(70):
        if row != 5:
            number, at = divmod(int(made.tiles[row]), made.across**2)
            down, right = divmod(at, made.across)
            middle = (right * made.side + made.side // 2, down * made.side + made.side // 2)
            found = sheets[number].getpixel(middle)
            assert np.abs(np.array(found[:3]) - colours[row]).max() < 12


def test_neighbours_in_the_plane_are_near_in_the_order():
    grid = np.stack(np.meshgrid(np.arange(16), np.arange(16)), axis=-1).reshape(-1, 2)
    order = spatial_order(grid.astype(np.float32))
    steps = np.abs(np.diff(grid[order], axis=0)).sum(axis=1)
    assert sorted(order.tolist()) == list(range(256))
    assert steps.mean() < 3


def test_values_that_no_image_has_are_in_no_legend():
    for values in (["a", "gone", "b", 7], [*map(float, range(30)), "gone"], ["b", True, "x", 2.5]):
        codes = np.array([0, 2, -1, 0, 1, 2])
        if len(values) > MOST:
            codes = np.array([*range(30), -1, 3])
        else:
            codes[codes == 1] = 3
        column = [None if code < 0 else values[code] for code in codes]
        plain, coded = legend("c", column), coded_legend("c", values, codes)
        assert (coded.names, coded.ordered, coded.kinds) == (
            plain.names,
            plain.ordered,
            plain.kinds,
        )
        assert coded.codes.tolist() == plain.codes.tolist()
        assert len(coded.names) > coded.codes.max()


def test_any_column_becomes_a_few_kinds():
    many = legend("label", [f"name {i % 5000}" for i in range(20000)])
    assert len(many.names) == MOST + 1
    assert many.names[-1] == "4,980 more values"
    assert many.codes.max() == MOST
    numbers = legend("price", [*map(float, range(100)), math.nan, None])
    assert (numbers.ordered, numbers.kinds, numbers.names[-1]) == (True, BINS, "no value")
    counts = np.bincount(numbers.codes)
    assert counts[-1] == 2
    assert counts[:-1].min() >= 16
    assert legend("kids", [True, False, None]).names == ["False", "True", "no value"]
    assert legend("colour", [("red", "blue"), ("red",), ()]).kinds == 2
    for empty in ([], [None, None], [math.nan] * 4, ["a", "a"], [""]):
        assert legend("none", empty) is None


def test_hostile_names_stay_text_in_the_page():
    evil = "</script><img src=x onerror=alert(1)>\u2028\udcff"
    column = legend(evil, [evil, "b"])
    points = np.array([[0, 0], [1, 1]], np.float32)
    page = map_page(evil, evil, [evil, "b"], [evil, None], points, [column], None)
    assert "<img" not in page
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', page).group(1)
    data = json.loads(block)
    assert data["ids"][0].startswith("</script><img src=x onerror=alert(1)>")
    assert page.count("</script>") == 2
    assert "script-src 'sha256-" in page
    page.encode("utf-8")
