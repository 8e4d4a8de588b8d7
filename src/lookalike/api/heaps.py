"""The heaps of the C library: of a service with dozens of threads, each would grow its own."""

from __future__ import annotations

import ctypes
from contextlib import suppress

M_ARENA_MAX = -8
HEAPS = 2


def share_heaps() -> bool:
    """Let all threads share two heaps, so that memory stops growing after a minute.

    False where the C library is not glibc. Heaps that there are already stay: call it first.
    """
    with suppress(OSError, AttributeError, TypeError):
        return bool(ctypes.CDLL(None).mallopt(M_ARENA_MAX, HEAPS))
    return False
