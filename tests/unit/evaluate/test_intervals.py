"""Intervals and tests against what theory says, and against brute force."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from lookalike.evaluate.intervals import bootstrap, holm, paired
from lookalike.evaluate.truth import MISSING


def alone(count: int) -> np.ndarray:
    return np.full(count, MISSING)


def test_the_interval_has_the_width_that_theory_gives() -> None:
    values = np.random.default_rng(0).random((2000, 1))
    (found,) = bootstrap(values, alone(2000))
    width = 1.96 * values.std() / np.sqrt(2000)
    assert found.value == pytest.approx(values.mean())
    assert found.high - found.value == pytest.approx(width, rel=0.1)
    assert found.value - found.low == pytest.approx(width, rel=0.1)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    generator = np.random.default_rng(1)
    held = 0
    for seed in range(200):
        values = (generator.random((80, 1)) < 0.4).astype(float)
        (found,) = bootstrap(values, alone(80), rounds=400, seed=seed)
        held += found.low <= 0.4 <= found.high
    assert 180 <= held <= 199


def test_queries_that_belong_together_say_less() -> None:
    values = np.repeat(np.random.default_rng(0).random(40), 10)[:, None]
    (apart,), (together,) = (
        bootstrap(values, groups) for groups in (alone(400), np.repeat(np.arange(40), 10))
    )
    assert (together.high - together.low) > 2.5 * (apart.high - apart.low)


def test_one_query_says_nothing_of_the_spread() -> None:
    (found,) = bootstrap(np.array([[0.7]]), alone(1))
    assert (found.value, found.low, found.high) == (0.7, 0.0, 1.0)
    assert paired(np.array([0.1]), np.array([0.9]), alone(1)).p == 1.0


def test_the_test_counts_all_swaps() -> None:
    first = np.array([0.1, 0.4, 0.3, 0.5, 0.2, 0.6, 0.3, 0.2])
    second = first + np.array([0.1, 0.2, -0.05, 0.1, 0.3, 0.02, 0.0, 0.1])
    differences = second - first
    sums = [abs(np.dot(signs, differences)) for signs in product((-1, 1), repeat=8)]
    exact = np.mean([value >= abs(differences.sum()) - 1e-12 for value in sums])
    assert paired(first, second, alone(8)).p == pytest.approx(exact, abs=0.01)


def test_no_difference_is_no_difference() -> None:
    values = np.random.default_rng(0).random(50)
    found = paired(values, values, alone(50))
    assert (found.value, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_p_of_chance_is_spread_evenly() -> None:
    generator = np.random.default_rng(2)
    below = sum(
        paired(generator.random(30), generator.random(30), alone(30), seed=s).p < 0.2
        for s in range(100)
    )
    assert 8 <= below <= 34


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
