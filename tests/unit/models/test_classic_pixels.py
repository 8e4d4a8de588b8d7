"""`pixels` through the door: distances are differences that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from lookalike.images.preprocess import to_input
from lookalike.models.model import find_model
from lookalike.models.network import NetworkOptions
from lookalike.types import Pixels


def vectors(pixels: Pixels) -> np.ndarray:
    model = find_model("pixels")
    found = model.open(NetworkOptions(batch=len(pixels))).run(pixels)
    assert found.dtype == np.float32
    assert found.shape == (len(pixels), *model.shape)
    return found.astype(np.float16).astype(np.float64)


def test_l1_is_the_mean_difference_of_the_values() -> None:
    one, other = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    first, second = vectors(np.stack([one, other]))
    by_hand = sum(abs(int(a) - int(b)) for a, b in zip(one.flat, other.flat, strict=True)) / 768
    assert np.abs(first - second).sum() == pytest.approx(by_hand, rel=1e-3)


def test_the_cosine_tells_a_picture_from_its_negative() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    first, same, negative = vectors(np.stack([picture, picture, 255 - picture]))
    length = np.linalg.norm(first)
    assert first @ same / length**2 == pytest.approx(1)
    assert first @ negative / length**2 == pytest.approx(-1)


def test_no_picture_has_the_zero_vector() -> None:
    grey = np.stack([np.full((16, 16, 3), value, np.uint8) for value in (0, 127, 128, 255)])
    assert (np.abs(vectors(grey)) > 0).all()


def test_a_wide_picture_is_squashed() -> None:
    from PIL import Image

    picture = Image.new("RGB", (320, 40), (10, 20, 30))
    pixels = to_input(picture, find_model("pixels").preprocessing)
    assert (pixels.shape, pixels[0, 0].tolist()) == ((16, 16, 3), [10, 20, 30])
