from __future__ import annotations

import numpy as np
import pytest

from lookalike.index.weighted import Part, weighted_top_k

RNG = np.random.default_rng(11)


def cosines(matrix: np.ndarray, queries: np.ndarray) -> np.ndarray:
    rows = matrix.astype(np.float64)
    asked = queries.astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    return asked @ rows.T


def matrix(count: int, dim: int) -> np.ndarray:
    return RNG.normal(size=(count, dim)).astype(np.float16)


@pytest.mark.parametrize("count", [1, 7, 1024, 3000])
def test_the_weighted_sum_of_cosines_as_counted_in_float64(count: int) -> None:
    one, other = matrix(count, 24), matrix(count + 5, 8)
    shuffled = RNG.permutation(count + 5)[:count]
    q_one = RNG.normal(size=(4, 24)).astype(np.float32)
    q_other = RNG.normal(size=(4, 8)).astype(np.float32)
    parts = [
        Part(one, None, q_one, 0.7, unit=False),
        Part(other, shuffled, q_other, -0.3, unit=False),
    ]
    scores, rows = weighted_top_k(parts, count, 10)
    expected = 0.7 * cosines(one, q_one) - 0.3 * cosines(other[shuffled], q_other)
    best = -np.sort(-expected, axis=1)[:, :10]
    assert np.allclose(scores, best, atol=1e-5)
    assert np.allclose(np.take_along_axis(expected, rows, axis=1), best, atol=1e-5)


def test_of_equal_sums_the_first_image_comes_first() -> None:
    same = np.ones((6, 4), np.float16)
    part = Part(same, None, np.ones((1, 4), np.float32), 1.0, unit=False)
    _, rows = weighted_top_k([part], 6, 4)
    assert rows.tolist() == [[0, 1, 2, 3]]


def test_no_images_no_answers() -> None:
    part = Part(matrix(0, 4), None, np.ones((2, 4), np.float32), 1.0, unit=False)
    scores, rows = weighted_top_k([part], 0, 5)
    assert scores.shape == rows.shape == (2, 0)
