"""Measures of pictures, held against formulas written out, and what they lead to."""

import math

import numpy as np
import pytest
from PIL import Image, ImageFilter

from lookalike.explore.outliers import doubted_labels, far, outlier_factors
from lookalike.explore.quality import MEASURES, faults, measured
from shell import picture


def of(image):
    return measured(np.asarray(image.convert("RGB")))


def test_the_variance_of_the_laplacian_by_hand():
    grey = np.zeros((5, 5), np.uint8)
    grey[2, 2] = 100
    found = measured(np.dstack([grey] * 3))
    values = [-400, 100, 100, 100, 100, 0, 0, 0, 0]
    assert found.sharpness == pytest.approx(np.var(values))
    assert found.contrast == pytest.approx(np.std([100 / 255, *[0] * 24]))


def test_faults_are_told_apart():
    noise = np.random.default_rng(0).integers(0, 256, (200, 256, 3), np.uint8)
    sharp = Image.fromarray(noise)
    soft = sharp.filter(ImageFilter.GaussianBlur(12))
    half = noise.copy()
    half[120:] = 128
    images = {
        "": [sharp] * 30,
        "blurred": [soft.point(lambda v: (v - 120) * 4 + 120)],
        "dark": [sharp.point(lambda v: v // 6)],
        "blank": [Image.new("RGB", (256, 200), "white"), Image.new("RGB", (256, 200), "grey")],
        "cut-short": [Image.fromarray(half)],
    }
    flat = [(fault, one) for fault, some in images.items() for one in some]
    found = [of(one) for _, one in flat]
    columns = {name: np.array([getattr(one, name) for one in found]) for name in MEASURES}
    said = faults(columns, np.full(len(flat), 200))
    for (fault, _), words in zip(flat, said, strict=True):
        assert words == ([fault] if fault else [])
    assert of(Image.fromarray(half)).missing == pytest.approx(0.4)


def test_what_was_not_measured_has_no_faults_and_small_is_tiny():
    nothing = {name: np.full(2, math.nan) for name in MEASURES}
    assert faults(nothing, np.array([63, 64])) == [["tiny"], []]


def test_a_grey_photo_with_a_dark_floor_is_not_cut_short():
    grey = np.asarray(picture(1).convert("L").convert("RGB")).copy()
    grey[40:] = 20
    assert measured(grey).missing == 0


def near(points, k):
    cosines = points @ points.T
    np.fill_diagonal(cosines, -2)
    places = np.argsort(-cosines, axis=1)[:, :k].astype(np.int32)
    return places, np.take_along_axis(cosines, places, axis=1).astype(np.float32)


def crowd(count=200, seed=0):
    chance = np.random.default_rng(seed)
    found = np.array([1.0, 0, 0, 0]) + 0.1 * chance.normal(size=(count, 4))
    found[-1] = [-1, 0.2, 0, 0]
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_the_local_outlier_factor_as_its_paper_defines_it():
    points, k = crowd(60), 5
    places, cosines = near(points, k)
    distance = np.sqrt(np.maximum(0, 2 - 2 * points @ points.T))

    def density(one):
        return k / sum(max(distance[o, places[o][-1]], distance[one, o]) for o in places[one])

    expected = [np.mean([density(o) for o in places[p]]) / density(p) for p in range(60)]
    assert outlier_factors(places, cosines) == pytest.approx(expected, rel=1e-4)


def test_what_lies_apart_stands_out_and_little_else():
    places, cosines = near(crowd(), 10)
    factors = outlier_factors(places, cosines)
    assert factors.argmax() == 199
    assert far(factors)[199]
    assert far(factors).mean() < 0.06


def test_all_equal_and_too_few():
    same = np.repeat(crowd(1), 50, axis=0)
    places, cosines = near(same, 10)
    factors = outlier_factors(places, cosines)
    assert np.allclose(factors, 1, atol=0.01)
    assert not far(factors).any()
    empty = outlier_factors(np.empty((1, 0), np.int32), np.empty((1, 0), np.float32))
    assert np.isnan(empty).all()


def test_a_swapped_label_is_in_doubt_and_a_border_is_not():
    chance = np.random.default_rng(1)
    centres = np.eye(4)[[0, 1]]
    points = np.repeat(centres, 50, axis=0) + 0.1 * chance.normal(size=(100, 4))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    labels = ["shoe"] * 50 + ["hat"] * 50
    labels[7], labels[80], labels[20] = "hat", "shoe", None
    found = doubted_labels(labels, *near(points, 15))
    assert {doubt.row for doubt in found} == {7, 80}
    assert {(doubt.label, doubt.suggested) for doubt in found} == {("hat", "shoe"), ("shoe", "hat")}
    assert all(doubt.probability > 0.9 > doubt.own for doubt in found)


def test_swapped_labels_of_small_classes_are_in_doubt():
    """Of twelve classes of four images none ever has a majority among the nearest thirty."""
    swapped = {2: "class 5", 17: "class 0", 32: "class 3"}
    found = []
    for seed in range(4):
        chance = np.random.default_rng(seed)
        points = np.repeat(chance.normal(size=(12, 16)), 4, axis=0)
        points += 0.7 * chance.normal(size=points.shape)
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        labels = [swapped.get(row, f"class {row // 4}") for row in range(len(points))]
        found += doubted_labels(labels, *near(points, 30))
    assert {doubt.row for doubt in found} == set(swapped)
    assert len(found) > 6
    assert all(doubt.suggested == f"class {doubt.row // 4}" for doubt in found)


def test_the_label_with_least_support_beside_another_comes_first():
    points = np.repeat(np.eye(4)[:2], 40, axis=0) + 0.1 * np.random.default_rng(2).normal(
        size=(80, 4)
    )
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    labels = ["a"] * 40 + ["b"] * 40
    labels[5] = labels[6] = "b"
    labels[50] = "a"
    found = doubted_labels(labels, *near(points, 30))
    assert {doubt.row for doubt in found} == {5, 6, 50}
    times = [(doubt.probability + 0.02) / (doubt.own + 0.02) for doubt in found]
    assert times == sorted(times, reverse=True)


def test_one_label_none_or_a_label_each():
    places, cosines = near(crowd(20), 5)
    assert doubted_labels([None] * 20, places, cosines) == []
    assert doubted_labels(["a"] * 20, places, cosines) == []
    assert doubted_labels([str(n) for n in range(20)], places, cosines) == []
