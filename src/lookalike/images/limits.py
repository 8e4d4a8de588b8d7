"""What one image may cost: pixels, bytes, seconds, memory."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for decoding one image.

    `pixels` counts width x height as the header states them. `size` is the file's bytes.
    `seconds` is wall time from task to answer. `memory` is what a decoder process may take
    on top of its own start, in bytes (enforced where the system has RLIMIT_AS).
    """

    pixels: int = 100_000_000
    size: int = 512 * 2**20
    seconds: float = 20.0
    memory: int = 2**30


DEFAULT_LIMITS = Limits()
