"""VLAD by hand on small numbers; with OpenCV, the same thing cropped and turned is found first."""

from __future__ import annotations

import importlib.util
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lookalike.demo.garments import draw_catalogue
from lookalike.errors import MissingExtraError
from lookalike.images.preprocess import to_input
from lookalike.models.classic.sift import vlad
from lookalike.models.model import find_model
from lookalike.models.network import NetworkOptions
from lookalike.types import Pixels


def test_vlad_by_hand() -> None:
    words = np.array([[1, 0], [0, 1]], np.float32)
    descriptors = np.array([[0.8, 0.6], [0.96, 0.28], [0.6, 0.8]], np.float32)
    # word 0: (-0.2, 0.6) + (-0.04, 0.28) = (-0.24, 0.88); word 1: (0.6, -0.2)
    first = np.array([-0.24, 0.88]) / np.hypot(0.24, 0.88)
    second = np.array([0.6, -0.2]) / np.hypot(0.6, 0.2)
    by_hand = np.concatenate([first, second]) / np.sqrt(2)
    np.testing.assert_allclose(vlad(descriptors, words), by_hand, atol=1e-6)


def test_vlad_of_nothing_is_zero() -> None:
    words = np.eye(3, 5, dtype=np.float32)
    assert vlad(np.empty((0, 5), np.float32), words).tolist() == [0.0] * 15


def test_a_missing_opencv_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lookalike.models.classic.sift.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"lookalike\[classic\]"):
        find_model("sift").open(NetworkOptions())


def pictures(folder: Path) -> list[Image.Image]:
    draw_catalogue(folder, count=40)
    return [Image.open(path).convert("RGB") for path in sorted((folder / "images").iterdir())]


def inputs(found: list[Image.Image]) -> Pixels:
    spec = find_model("sift").preprocessing
    return np.stack([to_input(picture, spec) for picture in found])


@pytest.mark.extra
def test_a_cropped_and_turned_copy_is_found_first(tmp_path: Path) -> None:
    assert importlib.util.find_spec("cv2")
    found = pictures(tmp_path)
    turned = [p.rotate(7, Image.Resampling.BICUBIC).crop((40, 40, 370, 370)) for p in found]
    network = find_model("sift").open(NetworkOptions())
    library, queries = network.run(inputs(found)), network.run(inputs(turned))
    assert (library.dtype, library.shape) == (np.float32, (40, *find_model("sift").shape))
    np.testing.assert_allclose(np.linalg.norm(library, axis=1), 1, rtol=1e-5)
    assert (np.argmax(queries @ library.T, axis=1) == np.arange(40)).mean() >= 0.9


@pytest.mark.extra
def test_descriptors_are_the_roots_of_opencvs(tmp_path: Path) -> None:
    import cv2

    from lookalike.models.classic.sift import CONTRAST, MOST_KEYPOINTS, root_sift

    (pixels,) = inputs(pictures(tmp_path)[:1])
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    sift = cv2.SIFT_create(nfeatures=MOST_KEYPOINTS, contrastThreshold=CONTRAST)
    _, plain = sift.detectAndCompute(grey, None)
    ours = root_sift(pixels)
    assert len(ours) == len(plain)
    np.testing.assert_allclose(ours**2 * plain.sum(axis=1, keepdims=True), plain, atol=0.01)
    np.testing.assert_allclose(np.linalg.norm(ours, axis=1), 1, rtol=1e-5)


@pytest.mark.extra
def test_a_blank_picture_has_no_direction_and_threads_agree(tmp_path: Path) -> None:
    network = find_model("sift").open(NetworkOptions(streams=4))
    blank = np.full((1, 256, 256, 3), 200, np.uint8)
    assert not network.run(blank).any()
    batch = inputs(pictures(tmp_path)[:6])
    alone = network.run(batch)
    with ThreadPoolExecutor(4) as pool:
        for together in pool.map(network.run, [batch] * 8):
            np.testing.assert_array_equal(together, alone)
