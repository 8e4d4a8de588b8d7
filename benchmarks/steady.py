"""One `Library.add` into a fresh library; prints images a second from its first commit to its last.

python -m benchmarks.steady PHOTOS LIBRARY RUNTIME
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import lookalike
from lookalike.types import Outcome


def main() -> None:
    """Add the photos, and note when each group was stored."""
    photos, place, runtime = sys.argv[1:]
    stored: list[tuple[float, int]] = []

    def note(outcomes: Sequence[Outcome]) -> None:
        stored.append((time.perf_counter(), len(outcomes)))

    with lookalike.open(place, runtime=runtime) as library:
        library.add(photos, on_outcomes=note)
    images = sum(count for _, count in stored[1:])
    print(images / max(1e-9, stored[-1][0] - stored[0][0]))


if __name__ == "__main__":
    main()
