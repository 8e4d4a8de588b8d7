"""The static site in Chromium: its weight, how soon it opens, and how soon a click is answered.

    python -m benchmarks.static_site --images 5000 --dim 1280

Vectors are generated in clusters, thumbnails drawn; the site is served on loopback, as any
static host would. Needs the group `browser` and a Chromium.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import statistics
import tempfile
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from lookalike.explore.map_columns import legend
from lookalike.share.site import Published, write_site
from lookalike.types import Halves

CLICKS = 40
PICTURES = 64


class Quiet(SimpleHTTPRequestHandler):
    """A static host that says nothing."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing."""


def clustered(count: int, dim: int, rng: np.random.Generator) -> Halves:
    """Unit vectors, not negative as those of pooled networks, around a centre for each 50."""
    centres = rng.gamma(0.4, 1.0, (max(1, count // 50), dim)).astype(np.float32)
    made = np.empty((count, dim), dtype=np.float16)
    for start in range(0, count, 4096):
        of = rng.integers(0, len(centres), min(4096, count - start))
        rows = centres[of] * rng.gamma(2.0, 0.5, (len(of), dim)).astype(np.float32)
        made[start : start + len(of)] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return made


def drawn(rng: np.random.Generator) -> bytes:
    """A picture of about the detail of a photo, as WebP."""
    coarse = rng.integers(0, 255, (24, 18, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((192, 256), Image.Resampling.BICUBIC)
    ImageDraw.Draw(image).ellipse((30, 50, 160, 210), fill=tuple(rng.integers(0, 255, 3).tolist()))
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=80)
    return buffer.getvalue()


def make(directory: Path, count: int, dim: int) -> dict[str, Any]:
    """Write the site; its weight, and the seconds that took."""
    rng = np.random.default_rng(5)
    pictures = [drawn(rng) for _ in range(PICTURES)]
    labels = [f"kind {i % 12}" for i in range(count)]
    column = legend("label", labels)
    if column is None:
        raise SystemExit("At least two images, please.")
    shown = Published(
        title=f"{count:,} generated images",
        space="main",
        metric="cosine",
        vectors=clustered(count, dim, rng),
        ids=[f"folder-{i % 90:02d}/image-{i:06d}.jpg" for i in range(count)],
        labels=labels,
        columns=[column],
        points=rng.normal(size=(count, 2)).astype(np.float32),
        picture=lambda row: pictures[row % PICTURES],
    )
    began = time.perf_counter()
    report = write_site(directory, shown, lambda *_: None)
    return {**report.as_dict(), "seconds_to_write": round(time.perf_counter() - began, 1)}


def visit(url: str) -> dict[str, Any]:
    """What a visitor waits for, in milliseconds."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), chromium_sandbox=False
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        began = time.perf_counter()
        page.goto(url, wait_until="commit")
        page.wait_for_selector("#grid .picture.ready")
        first = time.perf_counter() - began
        _until(page, "window.lookalikeSite?.inside.images.whole")
        listed = time.perf_counter() - began
        _until(page, "lookalikeSite.inside.searcher.whole")
        searchable = time.perf_counter() - began
        answers = json.loads(page.evaluate(f"lookalikeSite.measure({CLICKS}).then(JSON.stringify)"))
        browser.close()
    warm = sorted(answers[5:])
    return {
        "first_pictures_ms": round(1000 * first),
        "all_listed_ms": round(1000 * listed),
        "all_searchable_ms": round(1000 * searchable),
        "click_first_ms": round(answers[0], 1),
        "click_median_ms": round(statistics.median(warm), 1),
        "click_slowest_ms": round(warm[-1], 1),
    }


def _until(page: Any, holds: str) -> None:
    """Wait for an expression to hold; what Playwright itself waits with, the page's policy bars."""
    while not page.evaluate(holds):
        time.sleep(0.005)


def main() -> None:
    """Print the figures as JSON."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--images", type=int, default=5000)
    asked.add_argument("--dim", type=int, default=1280)
    how = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "site"
        made = make(directory, how.images, how.dim)
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(directory)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            seen = visit(f"http://127.0.0.1:{server.server_port}/")
        finally:
            server.shutdown()
    del made["directory"]
    made["bytes_per_1000"] = round(1000 * made["bytes"] / how.images)
    print(json.dumps({"dim": how.dim, **made, **seen}, indent=1))


if __name__ == "__main__":
    main()
