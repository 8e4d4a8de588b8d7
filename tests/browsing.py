"""A real Chromium for the pages: opens one from disk or of a server, and notes all it does."""

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page, Request

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--enable-unsafe-swiftshader",  # WebGL by the processor: there is no graphics card
    "--use-fake-device-for-media-stream",  # a camera that films a test card
    "--use-fake-ui-for-media-stream",
]


@dataclass
class Opened:
    """A page in a browser; `noise` is what looks like a fault, `loaded` every address."""

    page: "Page"
    noise: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)

    def assert_quiet(self, path: Path) -> None:
        """Nothing was logged, nothing failed, and nothing but the page itself was loaded."""
        assert self.noise == []
        local = ("data:", "blob:")
        assert [url for url in self.loaded if not url.startswith(local)] == [path.as_uri()]

    def assert_at_home(self, origin: str) -> None:
        """Nothing was logged, nothing failed, and nothing was asked of another origin."""
        assert self.noise == []
        home = (origin, "data:", f"blob:{origin}")
        assert [url for url in self.loaded if not url.startswith(home)] == []


def chromium() -> str:
    """The browser, as `LOOKALIKE_CHROMIUM` or the path names it; without one a test is skipped."""
    named = os.environ.get("LOOKALIKE_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no Chromium here: install it (apt-get install chromium), or name one")
    return found


def _note(opened: Opened, kind: str, text: str) -> None:
    """A driver's word on its own speed is no fault of a page."""
    if kind in {"error", "warning"} and "GL Driver Message" not in text:
        opened.noise.append(text)


@contextmanager
def browser_page(path: Path, *, dark: bool = False, query: str = "") -> Iterator[Opened]:
    """Open a file in a fresh Chromium, 1280 x 800 pixels, by its file: address."""
    with browser_at(path.as_uri() + query, dark=dark) as opened:
        yield opened


@contextmanager
def browser_at(
    address: str, *, dark: bool = False, size: tuple[int, int] = (1280, 800)
) -> Iterator[Opened]:
    """Open an address in a fresh Chromium. What the page itself calls off is no noise."""
    viewport = {"width": size[0], "height": size[1]}
    with (
        running_browser() as browser,
        tab(browser, address, dark=dark, viewport=viewport) as opened,
    ):
        yield opened


@contextmanager
def running_browser() -> "Iterator[Browser]":
    """A fresh Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=QUIET, chromium_sandbox=False
        )
        yield browser
        browser.close()


@contextmanager
def tab(browser: "Browser", address: str, *, dark: bool = False, **how: Any) -> Iterator[Opened]:
    """Open an address as somebody new, in 1280 x 800 pixels unless `how` says otherwise."""
    settings = {"viewport": {"width": 1280, "height": 800}, **how}
    context = browser.new_context(color_scheme="dark" if dark else "light", **settings)
    opened = Opened(context.new_page())
    opened.page.on("console", lambda said: _note(opened, said.type, said.text))
    opened.page.on("pageerror", lambda error: opened.noise.append(str(error)))
    opened.page.on("dialog", lambda dialog: _note_dialog(opened, dialog))
    opened.page.on("requestfailed", lambda asked: _note_failed(opened, asked))
    opened.page.on("request", lambda asked: opened.loaded.append(asked.url))
    opened.page.goto(address)
    yield opened
    context.close()


def _note_dialog(opened: Opened, dialog: "Dialog") -> None:
    """No page opens one: some script of a stranger would have run."""
    opened.noise.append(f"alert: {dialog.message}")
    dialog.dismiss()


def _note_dialog(opened: Opened, asked: "Dialog") -> None:
    opened.noise.append(f"{asked.type}: {asked.message}")
    asked.dismiss()


def _note_failed(opened: Opened, asked: "Request") -> None:
    if asked.failure != "net::ERR_ABORTED":
        opened.noise.append(asked.url)


SETTLED = """async () => {
    await new Promise(requestAnimationFrame);
    const ends = (one) => one.effect.getComputedTiming().endTime < Infinity;
    const fading = document.getAnimations().filter(ends);
    await Promise.allSettled(fading.map((one) => one.finished));
}"""


def settle(page: "Page") -> None:
    """Wait until what fades or slides has come to rest."""
    page.evaluate(SETTLED)


def serious_faults(page: "Page") -> list[str]:
    """What axe finds serious or critical on a page that has come to rest, and where."""
    from axe_playwright_python.sync_playwright import Axe

    settle(page)
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['target']}"
        for one in found
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


def hover(page: "Page", row: int) -> None:
    """Point at an image of a map page, and wait until its card shows the picture."""
    page.mouse.move(*page.evaluate(f"lookalikeMap.pixels({row})"))
    page.locator("#picture.waiting").wait_for(state="detached")


def agrees(page: "Page", webp: bytes) -> bool:
    """Whether the picture in the card looks like a thumbnail: both on a grid of 8 x 8."""
    shown = page.evaluate(
        """() => { const small = document.createElement('canvas'); small.width = small.height = 8;
        const pen = small.getContext('2d');
        pen.imageSmoothingQuality = 'high';
        pen.drawImage(document.getElementById('picture'), 0, 0, 8, 8);
        return Array.from(pen.getImageData(0, 0, 8, 8).data); }"""
    )
    rgba = np.array(shown, float).reshape(8, 8, 4)
    with Image.open(io.BytesIO(webp)) as image:
        square = Image.new("RGBA", (max(image.size),) * 2)
        corner = [(max(image.size) - side) // 2 for side in image.size]
        square.paste(image.convert("RGBA"), tuple(corner))
    expected = np.asarray(square.resize((8, 8), Image.Resampling.BOX), float)
    return bool(np.abs((rgba - expected)[..., :3][expected[..., 3] > 250]).mean() < 14)
