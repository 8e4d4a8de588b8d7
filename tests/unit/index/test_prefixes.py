"""What fewer are asked for is the beginning of what more are asked for, so that pages fit."""

import numpy as np
import pytest

from lookalike.index import exact, hamming, soft_bits
from lookalike.index.scores import merge
from lookalike.types import FLOAT_METRICS


@pytest.mark.parametrize("metric", FLOAT_METRICS)
def test_fewer_are_the_beginning_of_more_even_where_float32_sees_no_difference(metric):
    generator = np.random.default_rng(5)
    rows = generator.choice([-0.5, 0.5], (1000, 17)).astype(np.float16)
    rows[:, 0] = 1
    query = (generator.random((1, 17)) * 1e-9).astype(np.float32)
    query[0, 0] = 1

    def asked(k):
        return merge([exact.top_k(rows, query, k, metric)], k)[1][0]

    whole = asked(1000)
    assert np.unique(whole).size == 1000
    for k in (1, 2, 3, 10, 26, 333, 999):
        assert np.array_equal(asked(k), whole[:k])


def test_equal_scores_of_two_matrices_come_by_key():
    one = np.array([[0.5, 0.5, 0.25]], np.float32), np.array([[2, 9, 1]])
    other = np.array([[0.5, 0.25, 0.25]], np.float32), np.array([[4, 0, 7]])
    scores, keys = merge([one, other], 5)
    assert keys.tolist() == [[2, 4, 9, 0, 1]]
    assert scores.tolist() == [[0.5, 0.5, 0.5, 0.25, 0.25]]


def test_pages_over_two_matrices_fit_together():
    generator = np.random.default_rng(6)
    rows = np.repeat(generator.normal(size=(30, 16)), 10, axis=0).astype(np.float16)
    keys = generator.permutation(300).astype(np.int64)
    first, second = np.sort(keys[:200]), np.sort(keys[200:])
    query = generator.normal(size=(1, 16)).astype(np.float32)

    def asked(k):
        parts = []
        for part in (first, second):
            scores, found = exact.top_k(rows[part], query, k, "cosine")
            parts.append((scores, part[found]))
        return merge(parts, k)[1][0].tolist()

    whole = asked(300)
    assert sorted(whole) == list(range(300))
    assert [key for page in range(30) for key in asked(10 * page + 10)[10 * page :]] == whole


def test_soft_bits_are_the_weighted_mean_of_hamming_distances():
    generator = np.random.default_rng(7)
    dim, count = 203, 3000
    bits = generator.integers(0, 2, (count, dim), np.uint8)
    matrix = np.packbits(bits, axis=1)
    items = generator.integers(0, 2, (3, dim), np.uint8)
    weights = np.array([2.0, 1.0, -0.5])
    query = (weights @ (items * 2.0 - 1.0) / np.abs(weights).sum()).astype(np.float32)
    far = np.array([(bits != item).sum(axis=1) for item in items], np.float64)
    far[2] = dim - far[2]
    expected = (np.abs(weights) @ far) / np.abs(weights).sum()
    dead = np.zeros(count, np.bool_)
    dead[np.argmin(expected)] = True

    scores, rows = soft_bits.top_k(matrix, query[None], count, skip=dead)
    assert rows.shape == (1, count - 1)
    assert np.argmin(expected) not in rows
    assert np.allclose(-scores[0], expected[rows[0]], atol=1e-3)
    assert (np.diff(scores[0]) <= 0).all()


def test_soft_bits_of_one_item_are_its_hamming_distances():
    generator = np.random.default_rng(8)
    matrix = np.packbits(generator.integers(0, 2, (500, 64), np.uint8), axis=1)
    query = matrix[3:5]
    soft = np.unpackbits(query, axis=1).astype(np.float32) * 2 - 1
    scores, rows = hamming.top_k(matrix, query, 50)
    softly, same = soft_bits.top_k(matrix, soft, 50)
    assert np.array_equal(scores, softly)
    assert np.array_equal(rows, same)


def test_an_empty_matrix_has_no_rows_for_soft_bits():
    scores, rows = soft_bits.top_k(np.empty((0, 2), np.uint8), np.zeros((2, 16), np.float32), 5)
    assert scores.shape == rows.shape == (2, 0)
