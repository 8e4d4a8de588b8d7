"""Every runtime and precision: as near to torch as promised, whatever the batch or thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random

import numpy as np
import pytest
from canonical_pictures import PICTURES, draw
from parity_vectors import PREPROCESSING, canonical, opened, vectors

from lookalike.demo.garments import draw_garment, garments
from lookalike.images.preprocess import to_input
from lookalike.types import Pixels

EXTRA = pytest.mark.extra
ALL = [
    pytest.param("onnx", "fp32"),
    pytest.param("openvino", "fp32", marks=EXTRA),
    pytest.param("openvino", "bf16", marks=EXTRA),
]


@pytest.fixture(scope="module")
def pictures() -> Pixels:
    """The generated pictures as input, (9, 224, 224, 3)."""
    return np.stack([to_input(draw(name), PREPROCESSING) for name in PICTURES])


@pytest.fixture(scope="module")
def drawn_garments() -> Pixels:
    """Twenty garments as input: of all that is drawn here, the most like photographs."""
    drawn = [draw_garment(spec, Random(i)) for i, spec in enumerate(garments(20, 628))]
    return np.stack([to_input(picture, PREPROCESSING) for picture in drawn])


@pytest.mark.parametrize(("runtime", "precision"), ALL)
@pytest.mark.parametrize(("batch", "streams"), [(1, 1), (8, 1), (3, 2)])
def test_batches_and_threads_change_nothing(
    runtime: str, precision: str, batch: int, streams: int, pictures: Pixels
) -> None:
    with opened(runtime, precision) as embedder:
        expected = vectors(embedder, pictures)
    with opened(runtime, precision, batch=batch, streams=streams) as embedder:
        np.testing.assert_allclose(vectors(embedder, pictures), expected, atol=1e-5)


@pytest.mark.parametrize(("runtime", "precision"), ALL)
def test_order_and_neighbours_change_nothing(
    runtime: str, precision: str, pictures: Pixels
) -> None:
    order = np.random.default_rng(0).permutation(len(pictures))
    with opened(runtime, precision) as embedder:
        expected = vectors(embedder, pictures)
        np.testing.assert_allclose(vectors(embedder, pictures[order]), expected[order], atol=1e-5)
        alone = np.concatenate([vectors(embedder, picture[None]) for picture in pictures])
    np.testing.assert_allclose(alone, expected, atol=1e-5)


@pytest.mark.parametrize(("runtime", "precision"), ALL)
def test_many_callers_at_once_get_their_own_vectors(
    runtime: str, precision: str, pictures: Pixels
) -> None:
    with opened(runtime, precision, streams=2) as embedder, ThreadPoolExecutor(4) as callers:
        expected = vectors(embedder, pictures)
        for found in callers.map(partial(vectors, embedder), [pictures] * 8):
            np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.extra
def test_openvino_in_fp32_gives_what_torch_gives(pictures: Pixels) -> None:
    with opened("openvino", "fp32") as embedder:
        cosines = (vectors(embedder, pictures) * canonical()).sum(axis=1)
    assert cosines.min() >= 0.9999


@pytest.mark.extra
def test_openvino_in_bf16_stays_near_torch(pictures: Pixels) -> None:
    with opened("openvino", "bf16") as embedder:
        cosines = (vectors(embedder, pictures) * canonical()).sum(axis=1)
    assert cosines.mean() >= 0.999
    assert cosines.min() >= 0.99


@pytest.mark.extra
def test_openvino_in_bf16_stays_nearer_on_pictures_like_photographs(
    drawn_garments: Pixels,
) -> None:
    with opened("onnx", "fp32") as exact, opened("openvino", "bf16") as rough:
        cosines = (vectors(exact, drawn_garments) * vectors(rough, drawn_garments)).sum(axis=1)
    assert cosines.mean() >= 0.9995
    assert cosines.min() >= 0.998
