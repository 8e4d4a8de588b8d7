"""Float16 to wider floats, many times faster than NumPy, which casts one value at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lookalike.types import Floats, Halves

_BITS = 13
"""How much longer the mantissa of a float32 is than that of a float16."""
_COPIES_OF_THE_SIGN = np.int32(0x7000_0000)
_EXPONENTS = np.float32(2.0**112)
"""The two exponents have their zero at 15 and at 127."""
_BEYOND = np.float32(65536)
"""What infinities and what is no number come out as, at least; the largest float16 is 65504."""
_STREWN = 0.1
"""The part that is zero above which NumPy casts even a few rows more slowly."""


def as_floats(halves: Halves | Floats) -> Floats:
    """The same values in float32, exactly, of any shape; infinities and NaN stay what they are.

    Moved to their places in the longer format, the bits of a float16 are its value divided by
    2^112, subnormal ones too: whole arrays are shifted and multiplied. NumPy takes longest where
    zeros are strewn about, as in the vectors of networks. Float32 is given back as it is.
    """
    if halves.dtype != np.float16 or not halves.flags.c_contiguous:
        return halves.astype(np.float32, copy=False)
    moved = halves.view(np.int16).astype(np.int32)
    moved <<= _BITS
    moved &= ~_COPIES_OF_THE_SIGN
    floats: Floats = moved.view(np.float32)
    floats *= _EXPONENTS
    if floats.size and max(floats.max(), -floats.min()) >= _BEYOND:
        wrong = np.abs(floats) >= _BEYOND
        floats[wrong] = halves[wrong]
    return floats


def has_zeros(halves: Halves) -> bool:
    """Whether zeros are strewn about these values, as where a network has cut them off."""
    return bool(np.count_nonzero(halves.view(np.int16)) < (1 - _STREWN) * halves.size)


def as_doubles(halves: Halves, *, zeros: bool) -> NDArray[np.float64]:
    """The same values in float64, of any shape, by what is the quicker for a few rows.

    `zeros` is what `has_zeros` says of the like.
    """
    if not zeros:
        return halves.astype(np.float64)
    with np.errstate(invalid="ignore"):  # a NaN may be a signalling one
        return as_floats(halves).astype(np.float64)
