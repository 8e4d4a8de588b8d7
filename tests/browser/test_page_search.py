"""Search on the page of `lookalike serve`, in a real browser against a real server."""

import base64
import csv
import http.server
import json
import re
import threading
import time
from dataclasses import dataclass
from urllib.parse import quote

import pytest

import lookalike
from browsing import running_browser, serious_faults, tab
from lookalike.demo.garments import draw_catalogue
from lookalike.search.query import Item
from serving import Served, served
from shell import picture

pytestmark = pytest.mark.extra
COUNT = 72
EVIL = [
    "<img src=x onerror=alert(1)>",
    '"><script>alert(2)</script>',
    "javascript:alert(3)",
    "{{constructor.constructor('alert(4)')()}}",
    "' onmouseover='alert(5)",
    "<svg onload=alert(6)>",
    "\u202egnp.<b>",
]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@dataclass
class Shop:
    """A served library of drawn garments, and the same library to ask what is right."""

    folder: object
    server: Served
    library: lookalike.Library

    @property
    def origin(self):
        return f"http://{self.server.host}:{self.server.port}"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Garments with prices and days; some have hostile labels, names and values."""
    folder = tmp_path_factory.mktemp("shop")
    table = draw_catalogue(folder, COUNT)
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for i, row in enumerate(rows):
        row |= {"price": 5 + i, "day": f"2024-{1 + i % 12:02}-15", "note": EVIL[i % len(EVIL)]}
        row["sku"] = f"{EVIL[i]} {i}" if i < len(EVIL) else f"sku-{i:03}"
    for i, evil in enumerate(EVIL):
        rows[10 * i]["kind"] = evil
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    with lookalike.open(folder) as library:
        library.add(table, path_column="image", id_column="sku", label_column="kind")
        library.add_space("shades", "colour-histogram")
        library.calibrate()
        with served(folder, "--allow-host", "127.0.0.1") as server:
            yield Shop(folder, server, library)


@pytest.fixture(scope="module")
def browser():
    with running_browser() as opened:
        yield opened


@pytest.fixture
def page(shop, browser):
    """A fresh page; whatever a test does, nothing is logged and nobody else is asked."""
    with tab(browser, f"{shop.origin}/") as opened:
        opened.page.locator("figure").first.wait_for()
        yield opened.page
        opened.assert_at_home(shop.origin)


def until(holds):
    """Wait in Python: what Playwright waits with inside the page is barred by its policy."""
    end = time.monotonic() + 15
    while not (found := holds()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.03)
    return found


def shown(page):
    """The ids in the grid that are in the page, best first."""
    return page.locator("li[data-index]").evaluate_all(
        "all => all.sort((a, b) => a.dataset.index - b.dataset.index)"
        ".map((li) => li.querySelector('a').dataset.id)"
    )


def shows(page, ids, count=20):
    """Wait until the grid begins with these ids."""
    until(
        lambda: not page.locator("[aria-busy=true]").count() and shown(page)[:count] == ids[:count]
    )


def link(shop, **fields):
    return f"{shop.origin}/#/search?" + "&".join(f"{k}={quote(v)}" for k, v in fields.items())


def tile(page, at):
    return page.locator(f"li[data-index='{at}']")


def test_all_images_the_newest_first_and_more_of_them_on_the_way_down(page, shop):
    ids = [image.id for image in shop.library.images(COUNT, newest=True)]
    shows(page, ids)
    assert page.get_by_role("status").first.inner_text() == f"Newest first {COUNT} images"
    until(lambda: page.mouse.wheel(0, 4000) or shown(page)[-1] == ids[-1])
    assert len(shown(page)) < COUNT
    page.get_by_text(f"That is all: {COUNT} images.").wait_for()


def test_a_click_asks_and_back_returns_to_where_it_was(page, shop):
    all_ids = shown(page)
    page.evaluate("scrollTo(0, 500)")
    wanted = all_ids[9]
    tile(page, 9).hover()
    before = page.evaluate("scrollY")
    tile(page, 9).locator("a").click()
    hits = shop.library.search(Item(id=wanted), k=60)
    shows(page, hits.ids)
    scores = tile(page, 0).locator(".scores span").first.inner_text()
    assert scores == f"{hits.scores[0]:.2f}"
    assert tile(page, 0).locator(".match").inner_text().startswith(f"{100 * hits.matches[0]:.0f} %")
    page.go_back()
    shows(page, all_ids)
    until(lambda: page.evaluate("scrollY") == before)
    page.go_forward()
    shows(page, hits.ids)


def upload():
    return picture(31, 300, 200)


def as_bytes(image):
    import io

    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def test_a_picture_is_picked_dropped_pasted_or_photographed(page, shop):
    data = as_bytes(upload())
    ids = shop.library.search(data, k=60).ids
    files = [{"name": EVIL[0] + ".png", "mimeType": "image/png", "buffer": data}]
    page.locator("input[type=file]").set_input_files(files)
    shows(page, ids)
    assert page.locator("[data-kind=picture] bdi").inner_text() == EVIL[0] + ".png"
    held = """([kind, data]) => {
        const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
        const files = new DataTransfer();
        files.items.add(new File([bytes], "dropped.png", { type: "image/png" }));
        const how = { bubbles: true, cancelable: true };
        const event = kind === "paste"
            ? new ClipboardEvent("paste", { ...how, clipboardData: files })
            : new DragEvent(kind, { ...how, dataTransfer: files });
        document.body.dispatchEvent(event);
    }"""
    code = base64.b64encode(data).decode()
    for kind in ("drop", "paste"):
        page.goto(f"{shop.origin}/#/search")
        until(lambda: not page.locator("[data-kind]").count())
        if kind == "drop":
            page.evaluate(held, ["dragover", code])
            page.get_by_text("Drop it to look for").wait_for()
        page.evaluate(held, [kind, code])
        shows(page, ids)
    page.goto(f"{shop.origin}/#/search")
    page.get_by_role("button", name="Take a photo").click()
    page.get_by_role("button", name="Take it").click()
    page.locator("[data-kind=picture]").wait_for()
    tile(page, 0).locator(".scores").wait_for()
    page.reload()
    assert page.locator("[data-kind=picture] bdi").inner_text() == "Photo"
    tile(page, 0).locator(".scores").wait_for()


def test_a_picture_at_an_address_on_the_web(page, shop):
    data = as_bytes(upload())

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/a.png" else 404)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        box = page.get_by_role("textbox", name="What to look for")
        box.fill(f"http://127.0.0.1:{web.server_port}/a.png")
        box.press("Enter")
        shows(page, shop.library.search(data, k=60).ids)
        web.shutdown()


def test_plus_minus_and_weight(page, shop):
    first, second = shown(page)[4], shown(page)[7]
    page.locator("figure a").nth(4).click()
    hits = shop.library.search(Item(id=first), k=60).ids
    shows(page, hits)
    tile(page, 3).hover()
    tile(page, 3).get_by_role("button", name="More like this").click()
    liked = [Item(id=first), Item(id=hits[3])]
    shows(page, shop.library.search(positive=liked, k=60).ids)
    page.get_by_role("combobox", name="Weight").nth(1).select_option("3")
    liked[1] = Item(id=hits[3], weight=3)
    now = shop.library.search(positive=liked, k=60).ids
    shows(page, now)
    tile(page, 5).hover()
    tile(page, 5).get_by_role("button", name="Less like this").click()
    found = shop.library.search(positive=liked, negative=[Item(id=now[5])], k=60).ids
    shows(page, found)
    chips = page.locator("[aria-label='The question'] li[data-kind]")
    chips.nth(0).get_by_role("button", name="Liked").click()
    found = shop.library.search(
        positive=liked[1:], negative=[Item(id=first), Item(id=now[5])], k=60
    ).ids
    shows(page, found)
    chips.nth(0).get_by_role("button", name="Remove").click()
    shows(page, shop.library.search(positive=liked[1:], negative=[Item(id=now[5])], k=60).ids)
    assert second


def crop_of(page):
    return [float(part) for part in re.search(r"like=%5B(.*?)%5D", page.url)[1].split("%2C")]


def test_a_part_of_the_picture_by_mouse_and_by_keys(page, shop):
    data = as_bytes(upload())
    page.locator("input[type=file]").set_input_files(
        [{"name": "a.png", "mimeType": "image/png", "buffer": data}]
    )
    page.get_by_role("button", name="Choose a part").click()
    area = page.locator(".area")
    area.locator("img").evaluate("img => img.decode()")
    box = area.bounding_box()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.1 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.6 * box["height"], steps=4)
    page.mouse.up()
    page.get_by_role("button", name="Search for this part").click()
    until(lambda: "%5B" in page.url)
    assert crop_of(page) == pytest.approx([0.2, 0.1, 0.5, 0.5], abs=0.01)
    shows(page, shop.library.search(Item(image=data, crop=crop_of(page)), k=60).ids)
    page.get_by_role("button", name="Change the part").click()
    grip = page.get_by_role("button", name="Right edge")
    grip.focus()
    for _ in range(2):
        grip.press("Shift+ArrowRight")
    page.get_by_role("button", name="Search for this part").click()
    until(lambda: crop_of(page)[2] > 0.6)
    assert crop_of(page) == pytest.approx([0.2, 0.1, 0.7, 0.5], abs=0.01)
    shows(page, shop.library.search(Item(image=data, crop=crop_of(page)), k=60).ids)


def test_facets_ranges_names_and_expressions_narrow_down(page, shop):
    library = shop.library
    filters = page.get_by_role("complementary", name="Filters")
    kinds = [row.label for row in library.images(COUNT)]
    kind = max(set(kinds), key=kinds.count)
    filters.get_by_role("checkbox", name=f"{kind} {kinds.count(kind)}", exact=True).check()
    ids = [one.id for one in library.images(COUNT, newest=True, where=f"label = '{kind}'")]
    shows(page, ids)
    filters.get_by_role("spinbutton", name="price to").fill("60")
    filters.get_by_role("spinbutton", name="price to").press("Enter")
    where = f"label = '{kind}' and price <= 60"
    shows(page, [one.id for one in library.images(COUNT, newest=True, where=where)])
    least = filters.get_by_role("slider", name="price: least")
    least.focus()
    for _ in range(3):
        least.press("PageUp")
    until(lambda: "from.price" in page.url)
    bound = float(re.search(r"from\.price=([\d.]+)", page.url)[1])
    assert bound > 5
    shows(
        page,
        [
            one.id
            for one in library.images(COUNT, newest=True, where=f"{where} and price >= {bound}")
        ],
    )
    filters.get_by_role("button", name="Clear all").click()
    filters.get_by_label("day from").fill("2024-11-01")
    filters.get_by_label("day from").press("Enter")
    shows(page, [one.id for one in library.images(COUNT, newest=True, where="day >= 2024-11-01")])
    filters.get_by_role("button", name="Clear all").click()
    box = page.get_by_role("textbox", name="What to look for")
    box.fill("sku-01")
    box.press("Enter")
    shows(page, [f"sku-{i:03}" for i in range(19, 9, -1)])
    filters.get_by_role("button", name="Clear all").click()
    filters.get_by_text("Expression").click()
    words = filters.get_by_role("textbox", name="A filter as an expression")
    words.fill("price < 8 or price > 99")
    words.press("Enter")
    where = "price < 8 or price > 99"
    shows(page, [one.id for one in library.images(COUNT, newest=True, where=where)])


def test_facets_stay_with_no_image_in_them_when_the_filters_leave_nothing(page, shop):
    filters = page.get_by_role("complementary", name="Filters")
    filters.get_by_role("group").filter(has_text="price").first.wait_for()
    before = filters.locator("summary").all_inner_texts()
    kinds = [row.label for row in shop.library.images(COUNT)]
    most = max(set(kinds), key=kinds.count)
    filters.get_by_role("checkbox", name=f"{most} {kinds.count(most)}", exact=True).check()
    box = page.get_by_role("textbox", name="What to look for")
    box.fill("no such name")
    box.press("Enter")
    page.get_by_text("The filters leave nothing.").wait_for()
    assert filters.locator("summary").all_inner_texts() == before
    assert filters.get_by_role("checkbox", name=f"{most} 0", exact=True).is_checked()
    counts = filters.locator("li .count").all_text_contents()
    assert len(counts) > 8
    assert set(counts) == {"0"}
    page.reload()
    filters.get_by_role("checkbox", name=f"{most} 0", exact=True).uncheck()
    page.get_by_role("button", name="name has").click()
    ids = [image.id for image in shop.library.images(COUNT, newest=True)]
    shows(page, ids)
    assert filters.get_by_role("checkbox", name=f"{most} {kinds.count(most)}", exact=True).count()


def test_what_a_filter_gets_wrong_is_said(shop, browser):
    with tab(browser, link(shop, where="prise < 8")) as opened:
        alert = opened.page.get_by_role("alert").filter(has_text="Did you mean price")
        alert.first.wait_for()
        opened.page.get_by_role("button", name="Clear the filters").click()
        opened.page.locator("figure").first.wait_for()


def test_sliders_weigh_spaces_and_cut(page, shop):
    library = shop.library
    id_ = shown(page)[12]
    page.locator("figure a").nth(12).click()
    shows(page, library.search(Item(id=id_), k=60).ids)
    shades = page.get_by_role("slider", name="shades")
    shades.focus()
    shades.press("End")
    hits = library.search(Item(id=id_), k=60, weights={"main": 1, "shades": 1})
    shows(page, hits.ids)
    main = page.get_by_role("slider", name="main")
    main.focus()
    main.press("Home")
    shows(page, library.search(Item(id=id_), k=60, space="shades").ids)
    main.focus()
    main.press("End")
    shades.focus()
    shades.press("Home")
    least = page.get_by_role("slider", name="Least match")
    least.focus()
    for _ in range(5):
        least.press("PageUp")
    until(lambda: "match=" in page.url)
    until(lambda: not page.locator("[aria-busy=true]").count())
    wanted = float(re.search(r"match=([\d.]+)", page.url)[1])
    kept = library.search(Item(id=id_), k=60, min_match=wanted)
    if kept.ids:
        shows(page, kept.ids)
    else:
        page.get_by_role("button", name="Take any match").click()
        shows(page, library.search(Item(id=id_), k=60).ids)


def test_verdicts_are_stored_and_taken_back(page, shop):
    id_ = shown(page)[2]
    page.locator("figure a").nth(2).click()
    ids = shop.library.search(Item(id=id_), k=60).ids
    shows(page, ids)

    def said():
        return {(one.query, one.image): one.verdict for one in shop.library.judgements()}

    tile(page, 0).hover()
    tile(page, 0).get_by_role("button", name="Good match").click()
    tile(page, 1).hover()
    tile(page, 1).get_by_role("button", name="No match").click()
    until(lambda: said() == {(id_, ids[0]): 1, (id_, ids[1]): 0})
    page.reload()
    tile(page, 0).locator("figure.good").wait_for()
    tile(page, 0).locator("a").focus()
    page.keyboard.press("g")
    until(lambda: said() == {(id_, ids[1]): 0})


def test_details_have_an_address_and_lead_on(page, shop):
    ids = shown(page)
    tile(page, 3).hover()
    tile(page, 3).get_by_role("button", name="Details").click()
    dialog = page.get_by_role("dialog")
    known = shop.library.get(ids[3])
    for value in (known.id, known.label, str(known.meta["price"]), known.meta["caption"]):
        dialog.get_by_text(value, exact=True).first.wait_for()
    big = dialog.locator(".picture img")
    until(lambda: big.evaluate("img => img.naturalWidth") == known.content.width)
    page.keyboard.press("ArrowRight")
    dialog.locator("dd.id", has_text=ids[4]).wait_for()
    page.keyboard.press("Escape")
    until(lambda: not page.get_by_role("dialog").count())
    shows(page, ids)
    page.goto(link(shop, show=ids[7]))
    dialog.locator("dd.id", has_text=ids[7]).wait_for()
    dialog.get_by_role("link", name="Find similar").click()
    found = shop.library.search(Item(id=ids[7]), k=60)
    shows(page, found.ids)
    tile(page, 2).hover()
    tile(page, 2).get_by_role("button", name="Details").click()
    for value, name in ((found.scores[2], "similarity"), (found.distances[2], "distance")):
        dialog.locator(".scores div", has_text=name).get_by_text(f"{value:.3f}").wait_for()


def test_the_grid_by_keyboard(page, shop):
    ids = shown(page)
    tile(page, 0).locator("a").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)
    focused = "document.activeElement.dataset.id"
    assert page.evaluate(focused) == ids[1]
    page.keyboard.press("End")
    until(lambda: page.evaluate(focused) not in {None, ids[1]})
    page.keyboard.press("Home")
    until(lambda: page.evaluate(focused) == ids[0])
    page.keyboard.press("i")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    until(lambda: page.evaluate(focused) == ids[0])
    page.keyboard.press("Enter")
    shows(page, shop.library.search(Item(id=ids[0]), k=60).ids)


def test_a_shared_link_shows_the_same_to_somebody_else(page, shop, browser):
    id_ = shown(page)[5]
    page.goto(link(shop, like=f"2x[0.1,0.1,0.8,0.8]id:{id_}", unlike=f"id:{shown(page)[8]}"))
    filters = page.get_by_role("complementary", name="Filters")
    filters.get_by_role("spinbutton", name="price to").fill("70")
    filters.get_by_role("spinbutton", name="price to").press("Enter")
    until(lambda: "to.price=70" in page.url and not page.locator("[aria-busy=true]").count())
    ids = shown(page)
    with tab(browser, page.url) as other:
        shows(other.page, ids)
        assert other.page.locator("[data-kind]").count() == 2
        other.assert_at_home(shop.origin)
    with tab(browser, link(shop, like="picture:0123456789ab")) as other:
        other.page.get_by_text("only the browser it was asked in has").wait_for()
        other.page.get_by_role("button", name="Show all images").click()
        other.page.locator("figure").first.wait_for()


def test_words_are_asked_for_where_a_space_knows_them(page, shop):
    def spaces(route):
        answer = route.fetch().json()
        answer["spaces"][0]["words"] = True
        route.fulfill(json=answer)

    asked = []

    def search(route):
        asked.append(json.loads(route.request.post_data))
        route.fulfill(json={"space": "main", "metric": "cosine", "hits": [], "next_offset": None})

    page.route("**/v1/spaces", spaces)
    page.route("**/v1/search", search)
    page.reload()
    box = page.get_by_role("textbox", name="What to look for: words")
    box.fill("red dress")
    page.get_by_text("Look for pictures of").wait_for()
    box.press("Enter")
    until(lambda: asked)
    assert asked[0]["positive"] == [{"text": "red dress", "weight": 1}]
    page.get_by_text("No image fits").wait_for()


def test_chance_slowness_and_a_server_that_is_gone(shop, browser):
    with tab(browser, f"{shop.origin}/") as opened:
        page = opened.page
        page.locator("figure").first.wait_for()
        page.get_by_role("button", name="An image by chance").click()
        page.locator("[data-kind=id]").wait_for()
        tile(page, 0).locator(".scores").wait_for()
        busy = []

        def crowded(route):
            busy.append(route)
            if len(busy) == 1:
                return route.fulfill(status=503, json={"detail": "Busy."})
            return route.continue_()

        page.route("**/v1/search", crowded)
        tile(page, 2).locator("a").click()
        until(lambda: page.evaluate("1") and len(busy) >= 2)
        tile(page, 0).locator(".scores").wait_for()
        page.unroute("**/v1/search")
        page.route("**/v1/**", lambda route: route.abort())
        tile(page, 1).locator("a").click()
        page.get_by_text("Is lookalike serve still running?").wait_for()
        page.unroute("**/v1/**")
        page.get_by_role("button", name="Try again").click()
        tile(page, 0).locator(".scores").wait_for()


def test_nothing_hostile_is_ever_run(page, shop):
    strange = "script:not([src]), [onerror], [onload], [onmouseover]"
    for i, evil in enumerate(EVIL):
        id_ = f"{evil} {i}"
        page.goto(link(shop, like=f"id:{id_}", show=id_))
        page.get_by_role("dialog").locator("dd.id", has_text=id_).wait_for()
        tile(page, 0).locator(".scores").wait_for()
        assert page.locator(strange).count() == 0
        page.goto(link(shop, name=evil, **{"is.label": evil}))
        until(lambda name=evil: page.locator(".status .chip").inner_text() == f"name has “{name}”")
        assert page.locator(strange).count() == 0


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_no_barriers(shop, browser, dark):
    with tab(browser, f"{shop.origin}/", dark=dark) as opened:
        page = opened.page
        tile(page, 1).locator("a").click()
        tile(page, 0).locator(".scores").wait_for()
        tile(page, 0).hover()
        assert serious_faults(page) == []
        tile(page, 0).get_by_role("button", name="Details").click()
        page.get_by_role("dialog").get_by_text("picture", exact=True).wait_for()
        assert serious_faults(page) == []
        if not dark:
            page.keyboard.press("Escape")
            page.get_by_role("button", name="Choose a part").click()
            assert serious_faults(page) == []


def test_a_phone_has_it_all(shop, browser):
    with tab(browser, f"{shop.origin}/", **PHONE) as opened:
        page = opened.page
        tile(page, 0).wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        page.get_by_role("button", name="Filters").tap()
        assert serious_faults(page) == []
        page.get_by_role("button", name="Show").tap()
        tile(page, 2).locator("a").tap()
        page.get_by_role("dialog").get_by_role("link", name="Find similar").tap()
        tile(page, 0).locator(".scores").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert serious_faults(page) == []
        opened.assert_at_home(shop.origin)


def test_it_paints_within_a_second_and_loads_no_other_view(shop, browser):
    paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    painted = []
    for _ in range(3):  # the machine may be busy with something else
        with tab(browser, f"{shop.origin}/") as opened:
            tile(opened.page, 0).wait_for()
            painted.append(opened.page.evaluate(paint))
            assert not [url for url in opened.loaded if re.search(r"assets/(map|clusters)", url)]
    assert min(painted) < 1000


def test_a_key_is_asked_for_and_libraries_are_chosen(shop, browser, tmp_path):
    secret = "a/key that is=long;enough".replace(" ", "-").replace(";", "%3B")
    lookalike.open(tmp_path / "bare").close()
    with (
        served(tmp_path, shop.folder, tmp_path / "bare", "--api-key", secret) as server,
        tab(browser, f"http://{server.host}:{server.port}/") as opened,
    ):
        page = opened.page
        field = page.get_by_role("dialog").get_by_label("Key", exact=True)
        field.fill("not-the-key-of-this-service")
        field.press("Enter")
        until(lambda: not field.count() or field.input_value() == "")
        field.fill(secret)
        field.press("Enter")
        picture_of = tile(page, 0).locator("img")
        until(lambda: picture_of.count() and picture_of.evaluate("img => img.naturalWidth"))
        page.get_by_role("combobox", name="Library").select_option("bare")
        page.get_by_text("This library is empty").wait_for()
        assert "library=bare" in page.url


def test_images_chosen_by_hand_narrow_the_search(page, shop):
    ids = shown(page)[3:9]
    name = f"{len(ids)}-test"
    page.evaluate(
        "([k, v]) => sessionStorage.setItem(k, v)", [f"lookalike-selection-{name}", json.dumps(ids)]
    )
    page.goto(link(shop, selection=name))
    shows(page, ids)
    tile(page, 0).locator("a").click()
    until(lambda: len(shown(page)) == 5)
    assert set(shown(page)) == set(ids[1:])
    page.get_by_role("button", name="chosen on the map").click()
    shows(page, shop.library.search(Item(id=ids[0]), k=60).ids)
    page.goto(link(shop, selection="9-gone"))
    page.get_by_text("Choose them again on the map").wait_for()
