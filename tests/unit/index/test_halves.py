"""Float16 to wider floats: every value there is, in every layout, against NumPy's own cast."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lookalike.index.halves import as_doubles, as_floats, has_zeros

EVERY = np.arange(2**16, dtype=np.uint16).view(np.float16)
FINITE = EVERY[np.isfinite(EVERY)]
SQUARE = EVERY[:10_000].reshape(100, 100)

Cast = Callable[[NDArray[Any]], NDArray[Any]]
both = pytest.mark.parametrize(
    ("cast", "wide"),
    [
        (as_floats, np.float32),
        (partial(as_doubles, zeros=True), np.float64),
        (partial(as_doubles, zeros=False), np.float64),
    ],
)


@both
@pytest.mark.parametrize("halves", [EVERY, FINITE], ids=["every value", "finite ones alone"])
def test_every_value(cast: Cast, wide: type, halves: NDArray[Any]) -> None:
    found = cast(halves)
    assert found.dtype == wide
    np.testing.assert_array_equal(found, halves.astype(wide))
    assert (np.signbit(found) == np.signbit(halves)).all()


@both
@pytest.mark.parametrize("shape", [(0,), (0, 5), (5, 0), (1, 1), (3, 4, 5)])
def test_any_shape(cast: Cast, wide: type, shape: tuple[int, ...]) -> None:
    halves = EVERY[: int(np.prod(shape))].reshape(shape)
    assert cast(halves).shape == shape
    np.testing.assert_array_equal(cast(halves), halves.astype(wide))


@both
@pytest.mark.parametrize(
    "halves",
    [SQUARE.T, SQUARE[:, ::3], SQUARE[::-1], SQUARE.astype(">f2")],
    ids=["on its side", "every third", "backwards", "foreign bytes"],
)
def test_any_layout(cast: Cast, wide: type, halves: NDArray[Any]) -> None:
    np.testing.assert_array_equal(cast(halves), halves.astype(wide))


@both
def test_the_original_is_left_alone(cast: Cast, wide: type) -> None:
    halves = EVERY[:100].copy()
    halves.flags.writeable = False
    cast(halves)[:] = 7
    np.testing.assert_array_equal(halves, EVERY[:100])
    np.testing.assert_array_equal(cast(halves), EVERY[:100].astype(wide))


def test_floats_are_given_back() -> None:
    floats = np.ones((2, 3), np.float32)
    assert as_floats(floats) is floats


@pytest.mark.parametrize(
    ("part", "strewn"), [(0.0, False), (0.05, False), (0.2, True), (1.0, True)]
)
def test_zeros_are_seen_from_a_tenth_on(part: float, strewn: bool) -> None:
    halves = np.ones((40, 50), np.float16)
    halves.reshape(-1)[: int(part * halves.size)] = 0
    assert has_zeros(halves) == strewn
