"""The heaps of the C library: of a service with dozens of threads, each would grow its own."""

from __future__ import annotations

import ctypes
from contextlib import suppress

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
HEAPS = 2
LARGE = 2**20
"""Bytes of what lies outside the heaps, where it leaves no holes."""
KEPT = 32 * LARGE
"""Free bytes at the end of a heap. Left to itself, glibc raises both limits as it is used."""


def share_heaps() -> bool:
    """Let all threads share two bounded heaps, so that memory stops growing after a minute.

    False where the C library is not glibc. Heaps that there are already stay: call it first.
    """
    settings = ((M_ARENA_MAX, HEAPS), (M_MMAP_THRESHOLD, LARGE), (M_TRIM_THRESHOLD, KEPT))
    with suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        return all(mallopt(*setting) for setting in settings)
    return False
