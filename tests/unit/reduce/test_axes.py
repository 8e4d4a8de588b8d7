"""Axes of a matrix, by one thread whatever the machine has."""

import numpy as np
from threadpoolctl import threadpool_info

from lookalike.evaluate.pairs import pairs_of
from lookalike.reduce.axes import axes_of


def test_axes_rebuild_the_matrix_they_are_of():
    half = np.random.default_rng(0).standard_normal((30, 20))
    matrix = half.T @ half
    values, axes = axes_of(matrix)
    np.testing.assert_allclose((axes * values) @ axes.T, matrix, atol=1e-9)
    assert (np.diff(values) >= 0).all()


def test_pairs_are_described_by_one_thread_of_blas(monkeypatch):
    found, true = [], np.linalg.eigh

    def watched(matrix):
        found.extend(one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas")
        return true(matrix)

    monkeypatch.setattr(np.linalg, "eigh", watched)
    matrix = np.random.default_rng(1).standard_normal((9, 16)).astype(np.float16)
    ones = np.ones(3, dtype=np.float32)
    pairs_of(np.arange(3), np.arange(3, 6), ones, np.arange(3), matrix, "cosine")
    assert set(found) <= {1}
