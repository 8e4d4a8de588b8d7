"""Our vectors against those that torch gives for the same pictures (canonical.npz)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray
from pictures import PICTURES, draw
from PIL import Image

from lookalike.demo.garments import draw_garment, garments
from lookalike.embed.embedder import Embedder
from lookalike.images.decode import decode
from lookalike.images.preprocess import to_input
from lookalike.models.model import find_model
from lookalike.types import Floats, Pixels

MODEL = find_model("efficientnet-lite0")


@pytest.fixture(scope="module")
def embedder() -> Iterator[Embedder]:
    opened = Embedder(MODEL, normalised=True, runtime="onnx", streams=2)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def canonical() -> Floats:
    """Unit vectors (pictures, 1280)."""
    with np.load(Path(__file__).with_name("canonical.npz")) as file:
        assert sorted(file.files) == sorted(PICTURES)
        vectors = np.stack([file[name] for name in PICTURES]).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def encoded(picture: Image.Image, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, quality=95)
    return buffer.getvalue()


def our_pixels(data: bytes, *, reduced: bool = True) -> Pixels:
    spec = MODEL.preprocessing
    return to_input(decode(data, shorter_side=spec.decode_side if reduced else 0).rgb, spec)


def two_step_pixels(picture: Image.Image) -> NDArray[np.uint8]:
    """The recipe to the letter: the whole picture resized, then the centre cut out."""
    width, height = picture.size
    size = (
        (256, round(height * 256 / width)) if width < height else (round(width * 256 / height), 256)
    )
    left, top = round((size[0] - 224) / 2), round((size[1] - 224) / 2)
    whole = picture.resize(size, Image.Resampling.BICUBIC)
    return np.asarray(whole.crop((left, top, left + 224, top + 224)))


def cosines(one: Floats, other: Floats) -> NDArray[np.float64]:
    """Row by row; both of unit length."""
    return (one.astype(np.float64) * other).sum(axis=1)


def test_the_network_gives_what_torch_gives(embedder: Embedder, canonical: Floats) -> None:
    vectors = embedder.embed(np.stack([two_step_pixels(draw(name)) for name in PICTURES]))
    assert cosines(vectors, canonical).min() >= 0.999_999


def test_the_whole_route_gives_what_torch_gives(embedder: Embedder, canonical: Floats) -> None:
    pixels = np.stack([our_pixels(encoded(draw(name))) for name in PICTURES])
    assert cosines(embedder.embed(pixels), canonical).min() >= 0.999_99


def test_resizing_and_cropping_at_once_costs_at_most_a_grey_level() -> None:
    for name in PICTURES:
        picture = draw(name)
        at_once = to_input(picture, MODEL.preprocessing).astype(int)
        assert np.abs(at_once - two_step_pixels(picture)).max() <= 1, name


def large_jpegs() -> list[bytes]:
    """Six garments as a camera would give them: 2,000 pixels wide."""
    drawn = [draw_garment(spec, Random(i)) for i, spec in enumerate(garments(6, 628))]
    wide = [
        picture.resize((2000, 2000 * picture.height // picture.width), Image.Resampling.BICUBIC)
        for picture in drawn
    ]
    return [encoded(picture, "JPEG") for picture in wide]


def test_a_jpeg_decoded_at_a_smaller_scale_gives_nearly_the_same(embedder: Embedder) -> None:
    jpegs = large_jpegs()
    full = embedder.embed(np.stack([our_pixels(data, reduced=False) for data in jpegs]))
    small = embedder.embed(np.stack([our_pixels(data) for data in jpegs]))
    found = cosines(small, full)
    print(found)
    assert found.mean() >= 0.9995
    assert found.min() >= 0.999
