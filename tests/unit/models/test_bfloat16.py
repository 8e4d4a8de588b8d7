"""Rounding to bfloat16, against ml_dtypes' own type."""

from __future__ import annotations

import ml_dtypes
import numpy as np

from lookalike.models.bfloat16 import keep_sums, to_bfloat16


def test_values_round_as_the_type_does() -> None:
    bits = np.random.default_rng(0).integers(0, 2**32, 100_000, dtype=np.uint32)
    values = bits.view(np.float32)
    values = values[np.isfinite(values) & (np.abs(values) < 3e38)]
    ties = np.array([1 + 2**-8, 1 + 3 * 2**-8, -1 - 2**-8, 0.0, -0.0], np.float32)
    values = np.concatenate([values, ties])
    expected = values.astype(ml_dtypes.bfloat16).astype(np.float32)
    np.testing.assert_array_equal(to_bfloat16(values), expected)


def test_kernels_that_cancel_out_still_do() -> None:
    rng = np.random.default_rng(1)
    kernels = rng.normal(size=(500, 9)).astype(np.float32) * 10
    kernels -= kernels.mean(axis=1, keepdims=True)
    rounded = keep_sums(kernels)
    np.testing.assert_array_equal(rounded, to_bfloat16(rounded))
    alone = np.abs(to_bfloat16(kernels).sum(axis=1)).mean()
    assert np.abs(rounded.sum(axis=1)).mean() < alone / 5


def test_a_tap_moves_by_little_and_the_rest_goes_to_the_smallest() -> None:
    kernel = np.array([[1 + 2**-9, -(1 + 2**-9), 100.25, 2**-10]], np.float32)
    # 100.25 needs 9 bits, so it becomes 100 and the rest, 0.25, meets 1 + 2**-9 next
    np.testing.assert_allclose(keep_sums(kernel), [[1.25, -1, 100, 2**-10]], atol=2**-8)


def test_no_kernels_are_no_trouble() -> None:
    assert keep_sums(np.empty((0, 9), np.float32)).shape == (0, 9)
