"""The grid of the page with 20,000 matches: few of them in the page, and no frame that stutters."""

import csv
import time
from statistics import median, quantiles

import pytest

import lookalike
from browsing import running_browser, tab
from lookalike.demo.garments import draw_catalogue
from serving import served

pytestmark = pytest.mark.extra
COUNT = 20_001
PICTURES = 48
CARDS = 150
"""Pictures that may be in the page at once: those of three windows, and a row or two."""
SCROLLED, JUMPED = (60, 200), (150, 400)
"""Milliseconds of the main thread that 95 of 100 steps may take, and any: of those that scroll on,
and of those that jump to the end, where all pictures are others and 150 more matches come."""
STEPS = 40

STEP = """async (by) => {
    if (by === null) scrollTo(0, document.documentElement.scrollHeight);
    else scrollBy(0, by);
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    return document.querySelectorAll("li[data-index]").length;
}"""
DRAWN = """() => {
    const { innerHeight } = window;
    return [...document.querySelectorAll("li[data-index] img")].every((one) => {
        const { top, bottom } = one.getBoundingClientRect();
        return one.complete || bottom < 0 || top > innerHeight;
    });
}"""
HITS = "Number(document.querySelector('li[data-index]').ariaSetSize ?? 0)"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A page that asks for what looks like one of 20,001 images; many show the same picture."""
    folder = tmp_path_factory.mktemp("many")
    with draw_catalogue(folder, PICTURES).open(encoding="utf-8", newline="") as file:
        pictures = [row["image"] for row in csv.DictReader(file)]
    with (folder / "many.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "image"])
        writer.writerows([i, pictures[i % PICTURES]] for i in range(COUNT))
    with lookalike.open(folder) as library:
        library.add(folder / "many.csv", path_column="image", id_column="id")
    with served(folder) as server:
        yield f"http://{server.host}:{server.port}/#/search?like=id:7"


class Watch:
    """Milliseconds that each step took of the page's main thread.

    Its own time, not that of a clock on the wall: what else the machine does is no stutter of
    the page. A step is two frames.
    """

    def __init__(self, page):
        self.page, self.cards = page, 0
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def step(self, by):
        before = self._busy()
        self.cards = max(self.cards, self.page.evaluate(STEP, by))
        return self._busy() - before

    def _busy(self):
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        return next(1000 * one["value"] for one in metrics if one["name"] == "TaskDuration")


def assert_smooth(took, usual, worst):
    assert quantiles(took, n=20)[-1] < usual, sorted(took)[-20:]
    assert max(took) < worst, sorted(took)[-20:]


def test_twenty_thousand_matches_scroll_as_smoothly_as_the_first(address):
    with running_browser() as browser, tab(browser, address) as opened:
        page = opened.page
        page.locator("li[data-index='0'] .scores").wait_for()
        watch = Watch(page)
        first = [watch.step(100) for _ in range(STEPS)]
        until, growing = time.monotonic() + 180, []
        while page.evaluate(HITS) < COUNT - 1:
            assert time.monotonic() < until, page.evaluate(HITS)
            growing.append(watch.step(None))
        page.get_by_text(f"That is all: {COUNT - 1:,} images.").wait_for()
        scrolled = [first]
        for place in (0, 0.5, 0.9):
            page.evaluate("at => scrollTo(0, at * document.documentElement.scrollHeight)", place)
            watch.step(0)
            while not page.evaluate(DRAWN):
                time.sleep(0.02)
            scrolled.append([watch.step(100) for _ in range(STEPS)])
        assert watch.cards <= CARDS
        for took in scrolled:
            assert_smooth(took, *SCROLLED)
            assert median(took) < 3 * median(first)
        assert_smooth(growing, *JUMPED)
        assert median(growing[-STEPS:]) < 3 * median(growing[:STEPS])
        assert opened.noise == []
