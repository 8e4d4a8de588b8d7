"""What to do before many ask at once: which spaces are scanned whole for every question."""

from __future__ import annotations

from collections.abc import Iterator

from lookalike.library.library import Library

MOST = 64_000_000
"""Values that are scanned in a few milliseconds: 50,000 vectors of 1,280."""


def unindexed(library: Library, elsewhere: str | None = None) -> Iterator[str]:
    """A sentence for each space of many vectors that has no index, with the remedy.

    `elsewhere` is a space that a server is asked for instead.
    """
    held, default = library.info().spaces, library.space.name
    for space in library.spaces():
        vectors = held.get(space.name, 0)
        if space.of_bits or space.name == elsewhere or vectors * space.dim < MOST:
            continue
        if library.index_report(space=space.name) is None:
            named = "" if space.name == default else f" --space {space.name}"
            yield (
                f"Each question scans all {vectors:,} vectors of space {space.name!r}: before "
                f"many ask at once, give it an index with: lookalike index --latency 1ms{named}"
            )
