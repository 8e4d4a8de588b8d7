"""The place of one picture on another, held against trying every one of them."""

import numpy as np
import pytest

from lookalike.explore.registration import (
    COARSE,
    LEAST_OVERLAP,
    SCALES,
    Spectra,
    coarse,
    detail,
    scaled,
)
from shell import picture


def grey(seed, width, height):
    return np.asarray(picture(seed, width, height).convert("L"))


def best_of_all(first, second):
    """The highest correlation over all scales and moves that leave enough in common."""
    scores = [-1.0]
    for mine, theirs in [(1.0, scale) for scale in SCALES] + [(scale, 1.0) for scale in SCALES]:
        one, other = (
            detail(scaled(level, COARSE * scale), 3).astype(np.float64)
            for level, scale in ((first, mine), (second, theirs))
        )
        for down in range(1 - len(other), len(one)):
            for right in range(1 - other.shape[1], one.shape[1]):
                left = one[max(0, down) : down + len(other), max(0, right) : right + other.shape[1]]
                height, width = left.shape
                if height * width < LEAST_OVERLAP * min(one.size, other.size):
                    continue
                top, start = max(0, -down), max(0, -right)
                part = other[top : top + height, start : start + width]
                scores.append((left * part).sum() / np.sqrt((left**2).sum() * (part**2).sum()))
    return max(scores)


@pytest.mark.parametrize("sizes", [((90, 128), (128, 90)), ((128, 20), (24, 128))])
def test_the_best_place_is_that_of_trying_all(sizes):
    first, second = (grey(seed, *size) for seed, size in zip((1, 2), sizes, strict=True))
    for one, other in ((first, second), (second, first)):
        (best, _) = coarse(Spectra(one), Spectra(other))
        assert best.score == pytest.approx(best_of_all(one, other), abs=1e-4)


def test_a_strip_is_found_where_it_was_cut():
    whole = grey(3, 96, 128)
    strip = whole[100:]
    best = coarse(Spectra(whole), Spectra(strip))[0]
    assert best.score > 0.8
    assert best.scale == pytest.approx(96 / 128, abs=0.08)
    assert (best.down, best.right) == pytest.approx((100 * COARSE / 128, 0), abs=2)


@pytest.mark.parametrize("radius", [3, 4])
def test_detail_is_what_differs_from_the_windows_mean(radius):
    values = grey(4, 17, 12).astype(np.float64)
    found = detail(values, radius)
    for y, x in ((0, 0), (5, 9), (11, 16)):
        window = values[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1]
        expected = (values[y, x] - window.mean()) / (window.std() + 6)
        assert found[y, x] == pytest.approx(expected, abs=1e-5)
