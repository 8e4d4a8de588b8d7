"""How a search was carried out, for `--explain`: what the filter left, what was scanned, times."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from lookalike.search.filters.resolve import Filtered


@dataclass(frozen=True, slots=True)
class Explanation:
    """`matches` of `images` were left by the filter, None without one, found in `filter_seconds`.

    `scan` says in words what was searched and how, in `search_seconds`, all questions together.
    """

    images: int
    matches: int | None
    filter_seconds: float
    scan: str
    search_seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)

    def lines(self) -> list[str]:
        """The same for a person."""
        found = f"Scan: {self.scan}, in {self.search_seconds * 1000:.1f} ms."
        if self.matches is None:
            return [found]
        share = self.matches / self.images if self.images else 0
        left = f"{self.matches:,} of {self.images:,} images ({share:.2%})"
        return [f"Filter: {left}, in {self.filter_seconds * 1000:.1f} ms.", found]


def explained(images: int, left: Filtered | None, scan: str, seconds: float) -> Explanation:
    """What is to be told of a search over so many images, and over what a filter left."""
    if left is None:
        return Explanation(images, None, 0.0, scan, seconds)
    return Explanation(left.images, len(left.keys), left.seconds, scan, seconds)
