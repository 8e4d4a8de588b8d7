"""Float16 to float32: every value there is, in every layout, against NumPy's own cast."""

from __future__ import annotations

import numpy as np
import pytest

from lookalike.index.halves import as_floats

EVERY = np.arange(2**16, dtype=np.uint16).view(np.float16)


def test_every_value() -> None:
    floats = as_floats(EVERY)
    assert floats.dtype == np.float32
    np.testing.assert_array_equal(floats, EVERY.astype(np.float32))
    assert (np.signbit(floats) == np.signbit(EVERY)).all()


def test_finite_values_alone() -> None:
    finite = EVERY[np.isfinite(EVERY)]
    np.testing.assert_array_equal(as_floats(finite), finite.astype(np.float32))


@pytest.mark.parametrize("shape", [(0,), (0, 5), (5, 0), (1, 1), (3, 4, 5)])
def test_any_shape(shape: tuple[int, ...]) -> None:
    halves = EVERY[: int(np.prod(shape))].reshape(shape)
    assert as_floats(halves).shape == shape
    np.testing.assert_array_equal(as_floats(halves), halves.astype(np.float32))


def test_what_does_not_lie_in_a_row_and_foreign_bytes() -> None:
    square = EVERY[:10_000].reshape(100, 100)
    for halves in (square.T, square[:, ::3], square[::-1], square.astype(">f2")):
        np.testing.assert_array_equal(as_floats(halves), halves.astype(np.float32))


def test_the_original_is_left_alone() -> None:
    halves = EVERY[:100].copy()
    halves.flags.writeable = False
    as_floats(halves)[:] = 7
    np.testing.assert_array_equal(halves, EVERY[:100])


def test_floats_are_given_back() -> None:
    floats = np.ones((2, 3), np.float32)
    assert as_floats(floats) is floats
