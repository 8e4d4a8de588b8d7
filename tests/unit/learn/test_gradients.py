"""The learners that step by gradient: their gradients by differences, and what they learn."""

import numpy as np
import pytest

from lookalike.learn import contrastive as contrastive_module
from lookalike.learn.adam import Adam
from lookalike.learn.contrastive import TEMPERATURE, contrastive
from lookalike.learn.folds import folds
from lookalike.learn.from_verdicts import area, learn_from_verdicts
from lookalike.learn.linear import principal
from lookalike.learn.verdict_map import Verdicts, learn_verdicts


def contrastive_loss(points: np.ndarray, codes: np.ndarray, weights: np.ndarray) -> float:
    """Equation 2 of Khosla et al., written out pair by pair."""
    mapped = points @ weights
    mapped = mapped / np.linalg.norm(mapped, axis=1, keepdims=True)
    losses = []
    for anchor in range(len(points)):
        others = [other for other in range(len(points)) if other != anchor]
        total = sum(np.exp(mapped[anchor] @ mapped[other] / TEMPERATURE) for other in others)
        partners = [other for other in others if codes[other] == codes[anchor]]
        if partners:
            logs = [mapped[anchor] @ mapped[p] / TEMPERATURE - np.log(total) for p in partners]
            losses.append(-np.mean(logs))
    return float(np.mean(losses))


def test_the_contrastive_gradient_is_that_of_its_loss() -> None:
    generator = np.random.default_rng(0)
    points = generator.normal(size=(9, 4))
    codes = np.array([0, 0, 0, 1, 1, 1, 2, 2, 3])  # 3 has no partner
    weights = np.eye(4) + 0.3 * generator.normal(size=(4, 4))
    found = contrastive_module._gradient(points, codes, weights)
    for row, column in [(0, 0), (1, 3), (2, 1), (3, 2)]:
        step = np.zeros((4, 4))
        step[row, column] = 1e-5
        above = contrastive_loss(points, codes, weights + step)
        below = contrastive_loss(points, codes, weights - step)
        assert found[row, column] == pytest.approx((above - below) / 2e-5, rel=1e-4, abs=1e-7)


def noisy(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors of 4 classes that only 3 of 24 values tell apart; the rest is louder."""
    generator = np.random.default_rng(seed)
    codes = generator.integers(4, size=count)
    centres = np.random.default_rng(99).normal(size=(4, 3)) * 1.5
    vectors = generator.normal(size=(count, 24)) * 1.5
    vectors[:, :3] = centres[codes] + 0.3 * generator.normal(size=(count, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), codes


def nearest_agree(vectors: np.ndarray, codes: np.ndarray) -> float:
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -2)
    return float((codes[scores.argmax(axis=1)] == codes).mean())


def test_contrast_brings_classes_together() -> None:
    vectors, codes = noisy(300, seed=1)
    unseen, theirs = noisy(300, seed=2)
    *_, learned = contrastive(principal(vectors, 24), vectors, codes, 0.001, rounds=80)
    before, after = nearest_agree(unseen, theirs), nearest_agree(learned.apply(unseen), theirs)
    assert after > before + 0.1


def test_verdicts_teach_what_matters() -> None:
    vectors, codes = noisy(300, seed=3)
    unseen, theirs = noisy(300, seed=4)
    generator = np.random.default_rng(5)
    left, right = generator.integers(300, size=(2, 800))
    verdicts = Verdicts(left, right, codes[left] == codes[right])
    learned = learn_verdicts(principal(vectors, 24), vectors, verdicts, strength=0.01)
    before, after = nearest_agree(unseen, theirs), nearest_agree(learned.apply(unseen), theirs)
    assert after > before + 0.1
    lesson = learn_from_verdicts(principal(vectors, 24), vectors, verdicts)
    assert lesson.after > lesson.before
    assert lesson.held_out == 800


def test_area_counts_pairs_in_the_right_order() -> None:
    generator = np.random.default_rng(6)
    scores = generator.integers(0, 6, size=60).astype(float)
    good = generator.random(60) < 0.4
    pairs = [(a > b) + (a == b) / 2 for a in scores[good] for b in scores[~good]]
    assert area(scores, good) == pytest.approx(np.mean(pairs), abs=1e-12)


def test_folds_keep_units_whole_and_hold_each_out_once() -> None:
    units = np.random.default_rng(7).integers(20, size=200)
    held = np.stack(list(folds(units, 4)))
    assert (held.sum(axis=0) == 1).all()
    assert held.sum(axis=1).min() > 35
    for unit in range(20):
        assert held[:, units == unit].any(axis=1).sum() == 1
    assert len(list(folds(np.array([3, 3, 3, 5]), 4))) == 2


def test_adam_finds_the_bottom_of_a_bowl() -> None:
    adam, weights = Adam(0.1), np.array([5.0, -3.0])
    for _ in range(500):
        weights = adam.step(weights, 2 * (weights - [1.0, 2.0]))
    np.testing.assert_allclose(weights, [1.0, 2.0], atol=1e-3)
