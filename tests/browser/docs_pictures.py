"""Retakes docs/images/page-*.webp, of the drawn catalogue; CONTRIBUTING says how it is run."""

import csv
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from PIL import Image

import lookalike
from browsing import running_browser, tab
from lookalike.demo.garments import draw_catalogue
from serving import served

IMAGES = Path(__file__).parents[2] / "docs/images"
PHONE = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}
WIDE = {"viewport": {"width": 1280, "height": 800}}
REJECTED = {"empty.jpg": b"", "page.jpg": b"<html>", "cut.jpg": b"\xff\xd8\xff"}
NAMED = {
    "bag": "Bags",
    "hat": "Hats",
    "shoe": "Shoes",
    "skirt": "Skirts",
    "shorts": "Shorts",
    "trousers": "Trousers",
}


def prepare(folder: Path) -> None:
    """A library of the drawn catalogue, with altered copies and rejects, and all views filled."""
    table = draw_catalogue(folder, 400)
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    others = []
    for row in rows[:4]:
        path = folder / row["image"]
        small, mirrored = path.with_stem(f"{path.stem}-300"), path.with_suffix(".png")
        saved = path.with_suffix(".webp")
        with Image.open(path) as image:
            image.resize((300, 300)).save(small)
            image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(mirrored)
            image.save(saved, quality=50)
        others += [row | {"image": f"images/{copy.name}"} for copy in (small, mirrored, saved)]
    for name, data in REJECTED.items():
        (folder / "images" / name).write_bytes(data)
        others.append(rows[0] | {"image": f"images/{name}"})
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows([*others, *rows])  # the page shows the last ones first
    with lookalike.open(folder) as library:
        library.add(table, path_column="image", label_column="kind")
        library.add_space("colours", "colour-histogram")
        library.calibrate()
        library.map()
        for cluster in library.clusters(k=10).clusters:
            label = next((word[7:] for word in cluster.words if word.startswith("label: ")), "")
            if label in NAMED:
                library.name_cluster(cluster.name, NAMED.pop(label))
        library.duplicates(keep=True)


class Camera:
    """Opens views of the served page and keeps what they look like."""

    def __init__(self, browser: Any, origin: str) -> None:
        self.browser, self.origin = browser, origin

    @contextmanager
    def at(self, view: str, dark: bool = False, **how: Any) -> Iterator[Any]:
        """The page at a view, drawn to its end."""
        with tab(self.browser, f"{self.origin}/#/{view}", dark=dark, **(how or WIDE)) as opened:
            opened.page.wait_for_load_state("networkidle")
            time.sleep(1)
            yield opened.page

    def take(self, page: Any) -> Image.Image:
        """What the window shows."""
        time.sleep(0.6)
        return Image.open(io.BytesIO(page.screenshot())).convert("RGB")

    def halves(self, view: str, before: Any = lambda page: None) -> Image.Image:
        """A view, light on the left and dark on the right."""
        shots = []
        for dark in (False, True):
            with self.at(view, dark) as page:
                before(page)
                shots.append(self.take(page))
        light, dark_shot = shots
        middle = light.width // 2
        light.paste(dark_shot.crop((middle, 0, light.width, light.height)), (middle, 0))
        return light


def keep(name: str, picture: Image.Image) -> None:
    picture.save(IMAGES / f"{name}.webp", quality=88, method=6)


def search(camera: Camera) -> None:
    items = ("dress-003", "skirt-010", "dress-005")
    dress, skirt, unlike = (f"id:images/{name}.jpg" for name in items)
    with camera.at("search") as page:
        keep("page-browse", camera.take(page))
    several = f"search?like={dress}&like={skirt}&unlike={unlike}&in.main=1&in.colours=0.5"
    with camera.at(several) as page:
        page.locator("[data-index='2'] figure").hover()
        keep("page-search", camera.take(page))
    with camera.at(f"search?like={dress}") as page:
        page.locator("[data-index='0'] figure").hover()
        page.locator("[data-index='0']").get_by_role("button", name="Good match").click()
        page.locator("[data-index='0']").get_by_role("button", name="Details").click()
        keep("page-details", camera.take(page))
    with camera.at(f"search?like=[0.3,0.2,0.42,0.36]{dress}") as page:
        page.get_by_role("button", name="Change the part that is meant").click()
        keep("page-crop", camera.take(page))
    with camera.at(f"search?like={dress}&is.colour=red", dark=True) as page:
        page.locator("[data-index='1'] figure").hover()
        keep("page-search-dark", camera.take(page))


def phone(camera: Camera) -> None:
    strip = Image.new("RGB", (3 * 390 + 2 * 24, 780), "white")
    like = f"search?like={quote('id:images/dress-003.jpg')}"
    for place, (view, dark) in enumerate([("search", False), (like, True), (like, True)]):
        with camera.at(view, dark, **PHONE) as page:
            if place == 2:
                page.get_by_role("button", name="Filters").tap()
            strip.paste(camera.take(page), (place * 414, 0))
    keep("page-phone", strip)


def order_by_likeness(page: Any) -> None:
    page.get_by_label("Order").select_option("cohesion")


def choose_hats(page: Any) -> None:
    """Draws a line around all hats, then points at one."""
    box = page.locator(".stage").bounding_box()
    hats = [row for row, id_ in enumerate(page.evaluate("lookalikeMap.ids")) if "/hat-" in id_]
    places = [page.evaluate(f"lookalikeMap.scatter.pixels({row})") for row in hats]
    points = [(box["x"] + x, box["y"] + y) for x, y in places]
    across, down = zip(*points, strict=True)
    left, right, top, low = min(across) - 12, max(across) + 12, min(down) - 12, max(down) + 12
    page.locator(".stage").press("l")
    page.mouse.move(left, top)
    page.mouse.down()
    for corner in ((right, top), (right, low), (left, low), (left, top)):
        page.mouse.move(*corner, steps=4)
    page.mouse.up()
    page.mouse.move(*min(points))


def main() -> None:
    with TemporaryDirectory() as place, running_browser() as browser:
        folder = Path(place) / "demo"
        folder.mkdir()
        prepare(folder)
        with served(folder) as server:
            camera = Camera(browser, f"http://{server.host}:{server.port}")
            keep("page-map", camera.halves("map", choose_hats))
            keep("page-clusters", camera.halves("clusters", order_by_likeness))
            for view in ("duplicates", "library"):
                keep(f"page-{view}", camera.halves(view))
            phone(camera)
            search(camera)


if __name__ == "__main__":
    main()
