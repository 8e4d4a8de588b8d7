"""The colour space against published values, and what a colour histogram takes for near."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from lookalike.models.classic.histogram import soft_bins
from lookalike.models.classic.oklab import to_oklab
from lookalike.models.model import find_model
from lookalike.models.network import NetworkOptions
from lookalike.types import Floats, Pixels

RED, BLUE, WHITE = (200, 40, 40), (40, 40, 200), (255, 255, 255)


def vector(picture: Image.Image | Pixels) -> Floats:
    model = find_model("colour-histogram")
    pixels = np.asarray(picture)[None]
    found = model.open(NetworkOptions()).run(pixels)
    assert (found.dtype, found.shape) == (np.float32, (1, *model.shape))
    return found[0]


def plain(colour: tuple[int, int, int]) -> Image.Image:
    return Image.new("RGB", (64, 64), colour)


def disc(colour: tuple[int, int, int], ground: tuple[int, int, int]) -> Image.Image:
    picture = plain(ground)
    ImageDraw.Draw(picture).ellipse((14, 14, 50, 50), fill=colour)
    return picture


# The OKLab values of sRGB's corners as CSS Color 4 and its implementations give them.
@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((255, 255, 255), (1.0, 0.0, 0.0)),
        ((0, 0, 0), (0.0, 0.0, 0.0)),
        ((255, 0, 0), (0.62796, 0.22486, 0.12585)),
        ((0, 255, 0), (0.86644, -0.23389, 0.17950)),
        ((0, 0, 255), (0.45201, -0.03246, -0.31153)),
        ((128, 128, 128), (0.59987, 0.0, 0.0)),
    ],
)
def test_oklab(rgb: tuple[int, int, int], lab: tuple[float, float, float]) -> None:
    np.testing.assert_allclose(to_oklab(np.array(rgb, np.uint8)), lab, atol=1e-4)


def test_soft_bins_keep_every_colour() -> None:
    """Linear parts: the mean of the bins' places is the colour again."""
    from lookalike.models.classic.histogram import LIGHTNESS, OPPONENT, SHAPE

    lab = to_oklab(np.random.default_rng(0).integers(0, 256, (500, 3), dtype=np.uint8))
    bins, parts = soft_bins(lab)
    np.testing.assert_allclose(parts.sum(axis=1), 1, rtol=1e-5)
    places = np.unravel_index(bins, SHAPE)
    for axis, knots in enumerate((LIGHTNESS, OPPONENT, OPPONENT)):
        mean = (knots[places[axis]] * parts).sum(axis=1)
        np.testing.assert_allclose(mean, lab[:, axis], atol=1e-5)


def test_unit_length_and_near_colours_are_near() -> None:
    red = vector(plain(RED))
    assert np.linalg.norm(red) == pytest.approx(1, rel=1e-5)
    others = ((200, 60, 60), (200, 90, 90), (200, 140, 140), BLUE)
    nearness = [float(red @ vector(plain(colour))) for colour in others]
    assert nearness == sorted(nearness, reverse=True)
    assert nearness[0] > 0.95
    assert 0.2 < nearness[2] < 0.8
    assert nearness[3] < 0.01


def test_blurring_keeps_the_sum_and_is_a_bell() -> None:
    from lookalike.models.classic.histogram import SHAPE, blur

    one = np.zeros(SHAPE)
    one[4, 5, 6] = 1
    row = np.array([1, 4, 6, 4, 1]) / 16
    expected = np.zeros(SHAPE)
    expected[2:7, 3:8, 4:9] = np.einsum("i,j,k->ijk", row, row, row)
    np.testing.assert_allclose(blur(one), expected, atol=1e-15)
    corner = np.zeros(SHAPE)
    corner[0, 0, 10] = 1
    assert blur(corner).sum() == pytest.approx(1)


@pytest.mark.parametrize("ground", [WHITE, (30, 120, 40), (0, 0, 0), BLUE])
def test_a_backdrop_hardly_counts(ground: tuple[int, int, int]) -> None:
    thing = vector(disc(RED, ground))
    assert thing @ vector(plain(RED)) > 0.9
    assert thing @ vector(plain(ground)) < 0.4
    assert thing @ vector(disc(RED, WHITE)) > 0.8


def test_a_thing_of_the_backdrops_colour_is_still_seen() -> None:
    shirt = vector(disc((245, 243, 240), WHITE))
    assert shirt @ vector(plain(WHITE)) > 0.5
    assert shirt @ vector(plain((245, 243, 240))) > 0.9


def test_the_order_in_a_batch_does_not_matter() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (5, 64, 64, 3), dtype=np.uint8)
    network = find_model("colour-histogram").open(NetworkOptions(batch=5))
    together = network.run(pixels)
    np.testing.assert_array_equal(network.run(pixels[::-1])[::-1], together)
