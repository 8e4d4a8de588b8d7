"""A vector as a picture: which cell shows which value."""

import numpy as np

from lookalike.images.vector_picture import CELL, HIGH, LOW, REST, ZERO, vector_picture


def cells(picture: object) -> np.ndarray:
    array = np.asarray(picture)
    assert array.shape[0] % CELL == array.shape[1] % CELL == 0
    return array[CELL // 2 :: CELL, CELL // 2 :: CELL]


def test_values_are_cells_in_reading_order() -> None:
    drawn = cells(vector_picture(np.array([2.0, -2, 0, 1, 0.5], np.float16)))
    assert drawn.shape == (2, 3, 3)
    assert drawn[0].tolist() == [list(HIGH), list(LOW), list(ZERO)]
    halfway = [round((a + b) / 2) for a, b in zip(ZERO, HIGH, strict=True)]
    np.testing.assert_allclose(drawn[1, 0], halfway, atol=1)
    assert drawn[1, 2].tolist() == list(REST)


def test_bits_and_a_vector_of_zeros() -> None:
    bits = cells(vector_picture(np.array([0b10000001, 0xFF], np.uint8)))
    assert bits.shape == (4, 4, 3)
    assert bits[0, 0].tolist() == list(HIGH)
    assert bits[0, 1].tolist() == list(LOW)
    assert (cells(vector_picture(np.zeros(4, np.float32))) == ZERO).all()
