"""The figures of `docs/explain/scale.md` follow from what it says was measured."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "explain" / "scale.md").read_text(encoding="utf-8")
SIZES = (10**6, 10**8, 10**10)
FAST, PLAIN, LARGE, FETCH = 2 / 302, 2 / 192, 2 / 64, 1 / 287
"""Core-seconds an image."""
EACH = {
    "embedding, `[fast]`": FAST / 3600,
    "embedding, plain": PLAIN / 3600,
    "embedding, 12 megapixels": LARGE / 3600,
    "fetching": FETCH / 3600,
    "on 2 cores": FAST / 3600 / 2,
    "on 64 cores": FAST / 3600 / 64,
    "on 1,000 cores": FAST / 3600 / 1000,
    "vectors of 1,280 values": 2 * 1280 / 1e9,
    "vectors of 512 values": 2 * 512 / 1e9,
    "vectors of 64 values": 2 * 64 / 1e9,
    "shards, 1,280 values": 1700 / 1e9,
    "thumbnails": 3200 / 1e9,
    "`ivfpq` codes, 1,280 values": (1280 / 4 + 8) / 1e9,
    "`rabitq` codes, 1,280 values": (1280 / 8 + 16) / 1e9,
    "`rabitq` codes, 64 values": (64 / 8 + 16) / 1e9,
    "seconds": 72e-9,
}


@pytest.mark.parametrize("row", EACH)
def test_a_row_follows_from_what_was_measured(row: str) -> None:
    cells = re.search(rf"^\| {re.escape(row)} \| (.+) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
    assert cells is not None
    for size, cell in zip(SIZES, cells.groups(), strict=True):
        digits = len(cell.partition(".")[2])
        expected = size * EACH[row]
        assert float(cell.replace(",", "")) == pytest.approx(expected, abs=0.51 * 10**-digits)


def test_core_milliseconds_are_those_of_the_benchmarks() -> None:
    for seconds, written in ((FAST, "6.6"), (PLAIN, "10.4"), (LARGE, "31.2"), (FETCH, "3.5")):
        assert f"{seconds * 1000:.1f}" == written
        assert f"| {written} core-ms |" in PAGE
    assert f"{10**8 / 5000 / 3600:.1f} GPU-hours" in PAGE
