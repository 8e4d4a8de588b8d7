"""Discriminants against the closed form for two classes, and their invariances."""

import numpy as np
import pytest

from lookalike.learn.discriminant import discriminants


def two_classes(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    mixing = generator.normal(size=(6, 6))
    gap = generator.normal(size=6)
    codes = np.repeat([0, 1], count)
    vectors = generator.normal(size=(2 * count, 6)) @ mixing + codes[:, None] * gap
    return vectors.astype(np.float32), codes, gap


def test_two_classes_are_told_apart_along_fishers_direction() -> None:
    vectors, codes, _ = two_classes(4000)
    (learned,) = discriminants(vectors, codes, [0.0], most=6)
    means = [vectors[codes == code].mean(axis=0) for code in (0, 1)]
    within = sum(np.cov(vectors[codes == code].T, bias=True) for code in (0, 1)) / 2
    expected = np.linalg.solve(within, means[1] - means[0])
    found = learned.weights[:, 0]
    cosine = found @ expected / np.linalg.norm(found) / np.linalg.norm(expected)
    assert learned.weights.shape == (6, 1)
    assert abs(cosine) == pytest.approx(1.0, abs=1e-5)
    np.testing.assert_allclose(learned.mean, vectors.mean(axis=0), atol=1e-5)


def test_scatter_within_classes_becomes_the_identity() -> None:
    generator = np.random.default_rng(1)
    codes = np.repeat(np.arange(5), 400)
    vectors = generator.normal(size=(2000, 8)) @ generator.normal(size=(8, 8))
    vectors = (vectors + 5 * generator.normal(size=(5, 8))[codes]).astype(np.float32)
    (learned,) = discriminants(vectors, codes, [0.0], most=8)
    mapped = (vectors - learned.mean) @ learned.weights
    within = sum(np.cov(mapped[codes == code].T, bias=True) for code in range(5)) / 5
    np.testing.assert_allclose(within, np.eye(4), atol=1e-3)


def test_full_strength_keeps_the_vectors_own_distances() -> None:
    vectors, codes, _ = two_classes(50)
    (learned,) = discriminants(vectors, codes, [1.0], most=6)
    gap = vectors[codes == 1].mean(axis=0) - vectors[codes == 0].mean(axis=0)
    found = learned.weights[:, 0]
    assert abs(found @ gap) == pytest.approx(np.linalg.norm(found) * np.linalg.norm(gap), rel=1e-4)


def test_fewer_images_than_values_and_fewer_directions_than_classes() -> None:
    generator = np.random.default_rng(2)
    vectors = generator.normal(size=(30, 100)).astype(np.float32)
    codes = np.repeat(np.arange(10), 3)
    narrow, wide = (discriminants(vectors, codes, [0.5], most)[0] for most in (4, 50))
    assert narrow.weights.shape == (100, 4)
    assert wide.weights.shape == (100, 9)
    assert np.isfinite(wide.apply(vectors)).all()


def test_identical_vectors_give_something_finite() -> None:
    vectors = np.ones((6, 4), dtype=np.float32)
    (learned,) = discriminants(vectors, np.array([0, 0, 0, 1, 1, 1]), [0.5], most=4)
    assert np.isfinite(learned.weights).all()
