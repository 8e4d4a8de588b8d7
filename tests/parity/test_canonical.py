"""Our vectors against those that torch gives for the same pictures (canonical.npz)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from random import Random

import numpy as np
import pytest
from canonical_pictures import PICTURES, draw
from numpy.typing import NDArray
from parity_vectors import PREPROCESSING, canonical, opened, vectors
from PIL import Image

from lookalike.demo.garments import draw_garment, garments
from lookalike.embed.embedder import Embedder
from lookalike.images.decode import decode
from lookalike.images.preprocess import to_input
from lookalike.types import Floats, Pixels


@pytest.fixture(scope="module")
def embedder() -> Iterator[Embedder]:
    with opened("onnx", "fp32", streams=2) as embedder:
        yield embedder


def encoded(picture: Image.Image, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, quality=95)
    return buffer.getvalue()


def our_pixels(data: bytes, *, reduced: bool = True) -> Pixels:
    side = PREPROCESSING.decode_side if reduced else 0
    return to_input(decode(data, shorter_side=side).rgb, PREPROCESSING)


def two_step_pixels(picture: Image.Image) -> NDArray[np.uint8]:
    """The recipe to the letter: the whole picture resized, then the centre cut out."""
    scale = 256 / min(picture.size)
    width, height = (round(side * scale) for side in picture.size)
    left, top = round((width - 224) / 2), round((height - 224) / 2)
    whole = picture.resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(whole.crop((left, top, left + 224, top + 224)))


def cosines(one: Floats, other: Floats) -> NDArray[np.float64]:
    """Row by row; both of unit length."""
    return (one.astype(np.float64) * other).sum(axis=1)


def test_the_network_gives_what_torch_gives(embedder: Embedder) -> None:
    found = vectors(embedder, np.stack([two_step_pixels(draw(name)) for name in PICTURES]))
    assert cosines(found, canonical()).min() >= 0.999_999


def test_the_whole_route_gives_what_torch_gives(embedder: Embedder) -> None:
    pixels = np.stack([our_pixels(encoded(draw(name))) for name in PICTURES])
    assert cosines(vectors(embedder, pixels), canonical()).min() >= 0.999_99


def test_resizing_and_cropping_at_once_costs_at_most_a_grey_level() -> None:
    for name in PICTURES:
        picture = draw(name)
        at_once = to_input(picture, PREPROCESSING).astype(int)
        assert np.abs(at_once - two_step_pixels(picture)).max() <= 1, name


def large_jpegs() -> list[bytes]:
    """Six garments as a camera would give them: 2,000 pixels wide."""
    drawn = [draw_garment(spec, Random(i)) for i, spec in enumerate(garments(6, 628))]
    return [
        encoded(picture.resize((2000, 2000 * picture.height // picture.width)), "JPEG")
        for picture in drawn
    ]


def test_a_jpeg_decoded_at_a_smaller_scale_gives_nearly_the_same(embedder: Embedder) -> None:
    jpegs = large_jpegs()
    full = vectors(embedder, np.stack([our_pixels(data, reduced=False) for data in jpegs]))
    small = vectors(embedder, np.stack([our_pixels(data) for data in jpegs]))
    found = cosines(small, full)
    assert found.mean() >= 0.9995
    assert found.min() >= 0.999
