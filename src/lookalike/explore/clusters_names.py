"""Names of clusters: those a person gave go on to the cluster that overlaps most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from lookalike.types import Keys

LEAST = 0.2
"""Images that an old and a new cluster share, of those in either, for a name to go on."""


@dataclass(frozen=True, slots=True)
class Named:
    """The name of each cluster by its number; `lost` are given names that fit none any more."""

    names: list[str]
    lost: list[str]


def is_given(name: str) -> bool:
    """Whether a person gave it: the others are numbers."""
    return not name.isdecimal()


def name_clusters(codes: Keys, contents: Keys, before: Mapping[int, str]) -> Named:
    """Names for clusters 0, 1, ... of contents, both (n,), after the names contents had before.

    Pairs of an old and a new cluster are taken by falling Jaccard index. Who is left is called
    by a number, the largest "1".
    """
    sizes = Counter(codes[codes >= 0].tolist())
    given = {content: name for content, name in before.items() if is_given(name)}
    old_sizes = Counter(given.values())
    shared = Counter(
        (given[content], code)
        for content, code in zip(contents.tolist(), codes.tolist(), strict=True)
        if code >= 0 and content in given
    )
    overlap = {
        pair: both / (old_sizes[pair[0]] + sizes[pair[1]] - both) for pair, both in shared.items()
    }
    names: dict[int, str] = {}
    for (name, code), index in sorted(overlap.items(), key=lambda item: (-item[1], item[0])):
        if index >= LEAST and code not in names and name not in names.values():
            names[code] = name
    number = 0
    for code in sorted(sizes, key=lambda code: (-sizes[code], code)):
        if code not in names:
            number += 1
            names[code] = str(number)
    kept = set(names.values())
    lost = sorted(name for name in old_sizes if name not in kept)
    return Named([names[code] for code in sorted(sizes)], lost)
