"""The files of a static site: what they hold, and when they are written."""

from __future__ import annotations

import io
import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lookalike.errors import UsageError
from lookalike.explore.map_columns import legend
from lookalike.share.site import Published, write_site
from lookalike.share.site_order import alike_order
from lookalike.share.site_sheets import usual_shape
from lookalike.types import Metric

COUNT = 45
EVIL = "</script><img src=x onerror=alert(1)>\u2028\u202e"
RNG = np.random.default_rng(8)


def picture(shade: int, size: tuple[int, int] = (90, 120)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (shade, shade, shade)).save(buffer, "WEBP", quality=90)
    return buffer.getvalue()


def published(metric: Metric = "cosine", **changes: Any) -> Published:
    column = legend("label", ["a", "b", None] * 15)
    assert column is not None
    of = {
        "title": EVIL,
        "space": "main",
        "metric": metric,
        "vectors": RNG.normal(size=(COUNT, 12)).astype(np.float16),
        "ids": [f"{number}{EVIL}" for number in range(COUNT)],
        "labels": [EVIL, *[None] * (COUNT - 1)],
        "columns": [column],
        "points": None,
        "picture": lambda row: None if row == 5 else picture(5 * row),
    }
    return Published(**(of | changes))


def quiet(*_: object) -> None:
    pass


def handed_over(path: Path) -> Any:
    text = path.read_text("ascii")
    name, _, data = text.removeprefix("lookalikeData(").removesuffix(");\n").partition(",")
    assert json.loads(name) == path.stem
    return json.loads(data)


def test_the_files_hold_every_image_once_with_its_vector_and_picture(tmp_path: Path) -> None:
    shown = published(points=RNG.normal(size=(COUNT, 2)).astype(np.float32))
    report = write_site(tmp_path / "site", shown, quiet)
    data = tmp_path / "site" / "data"
    facts = handed_over(data / "site.js")
    assert (facts["count"], facts["dim"], facts["metric"]) == (COUNT, 12, "cosine")
    part = handed_over(data / "images-0.js")
    places = np.frombuffer(b64decode(part["places"]), "<u4")
    assert sorted(places) == list(range(COUNT))
    assert part["ids"] == [shown.ids[place] for place in places]
    assert part["labels"] == [shown.labels[place] for place in places]
    vectors = np.frombuffer(b64decode(handed_over(data / "vectors-0.js")), "<f2")
    assert (vectors.reshape(COUNT, 12) == shown.vectors[places]).all()
    codes = np.frombuffer(b64decode(part["columns"][0]), np.uint8)
    assert [facts["columns"][0]["names"][code] for code in codes] == [
        ["a", "b", "no value"][place % 3] for place in places
    ]
    assert shown.points is not None
    points = np.frombuffer(b64decode(part["points"]), "<f4").reshape(-1, 2)
    assert (points == shown.points[places]).all()
    assert [places[at] for at in part["missing"]] == [5]
    tile = facts["tile"]
    for at in (0, 17, COUNT - 1):
        with Image.open(tmp_path / "site" / "thumbs" / f"{at // 16}.webp") as sheet:
            right, down = at % 4 * tile["width"], at % 16 // 4 * tile["height"]
            middle = (right + tile["width"] // 2, down + tile["height"] // 2)
            shade = sheet.convert("RGB").getpixel(middle)[0]  # type: ignore[index]
        assert abs(shade - 5 * int(places[at])) < 4 or places[at] == 5
    assert (report.images, report.missing, report.has_map) == (COUNT, 1, True)
    sizes = [path.stat().st_size for path in (tmp_path / "site").rglob("*") if path.is_file()]
    assert report.vectors + report.thumbnails + report.other == sum(sizes)
    assert report.files == len(sizes)


def test_a_hostile_title_is_text_and_the_policy_names_no_server(tmp_path: Path) -> None:
    write_site(tmp_path / "site", published(), quiet)
    page = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert "<img" not in page
    assert "default-src 'none'" in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_new_site_replaces_the_old_one_only_when_it_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    write_site(folder, published(), quiet)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def broken(row: int) -> bytes:
        if row == 30:
            raise OSError(28, "No space left on device")
        return picture(9)

    with pytest.raises(OSError, match="No space"):
        write_site(folder, published(picture=broken), quiet)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    write_site(folder, published(title="Another"), quiet)
    assert "Another" in (folder / "index.html").read_text("utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_another_folder_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("dear")
    for taken in (tmp_path, tmp_path / "diary.txt"):
        with pytest.raises(UsageError, match="no site"):
            write_site(taken, published(), quiet)
    assert (tmp_path / "diary.txt").read_text() == "dear"


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="l1"):
        write_site(tmp_path / "site", published("l1"), quiet)
    none = {"ids": [], "labels": [], "vectors": np.empty((0, 12), np.float16)}
    with pytest.raises(UsageError, match="nothing to publish"):
        write_site(tmp_path / "site", published(**none), quiet)
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize("count", [1, 2, 16, 17, 100])
def test_every_row_is_in_the_order_once(count: int) -> None:
    rows = RNG.normal(size=(count, 5)).astype(np.float16)
    rows[0] = np.nan
    assert sorted(alike_order(rows, 16)) == list(range(count))
    same = np.ones((count, 5), np.float16)
    assert sorted(alike_order(same, 16)) == list(range(count))


def test_alike_rows_share_a_sheet() -> None:
    rng = np.random.default_rng(8)
    centres = rng.normal(size=(8, 30))
    of = rng.permutation(np.repeat(np.arange(8), 16))
    rows = (centres[of] + 0.05 * rng.normal(size=(128, 30))).astype(np.float16)
    sheets = of[alike_order(rows, 16)].reshape(8, 16)
    assert (sheets == sheets[:, :1]).all()


@pytest.mark.parametrize(
    ("size", "shape"), [((90, 120), (144, 192)), ((10, 500), (144, 192)), ((64, 64), (192, 192))]
)
def test_tiles_have_the_usual_shape(size: tuple[int, int], shape: tuple[int, int]) -> None:
    found = usual_shape(100, lambda row: None if row % 3 else picture(50, size))
    assert (found.width, found.height) == shape
