"""From the nearest to the answer: at least so similar, no content twice, diverse, a page of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from lookalike.errors import UsageError
from lookalike.search.diversity import POOL, diversified
from lookalike.types import Floats, Keys

K = 10
RANGE = 1000
"""How many matches of a range are given at a time."""
_DEEPER = 4

Answer: TypeAlias = tuple[Keys, Floats]
"""Image keys and scores, best first."""
Find: TypeAlias = Callable[[int], Sequence[Answer]]
"""At most so many of the nearest for each question, in order."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the nearest are wanted: `k` of them (10, or 1,000 `within` a range).

    `offset` leaves out that many before them; `min_similarity` and `within` what is less
    similar; `group_duplicates` shows a content once; `diversity`, 0..1, prefers what is unlike
    what comes before it; `include_query` lets an item of the question be an answer to it;
    `exact` scans all vectors, even where there is an index; `where` is a filter; `min_match`
    takes out of the `k` what is less sure to be a match. Raises `UsageError`.
    """

    k: int | None = None
    offset: int | None = None
    min_similarity: float | None = None
    within: float | None = None
    diversity: float = 0.0
    group_duplicates: bool = False
    include_query: bool = False
    exact: bool = False
    where: str | None = None
    min_match: float | None = None

    def __post_init__(self) -> None:
        if self.k is not None and self.k < 1:
            raise UsageError(f"k must be at least 1, not {self.k}.")
        if self.start < 0:
            raise UsageError(f"The offset must be at least 0, not {self.offset}.")
        if not 0 <= self.diversity <= 1:
            raise UsageError(f"Diversity runs from 0 to 1; {self.diversity} does not.")
        if self.min_match is not None and not 0 <= self.min_match <= 1:
            raise UsageError(f"The least match runs from 0 to 1; {self.min_match} does not.")
        if self.within is not None and (self.diversity or self.min_similarity is not None):
            raise UsageError(
                "A range holds everything that is similar enough: leave diversity and "
                "min_similarity out."
            )
        if self.floor is not None and not math.isfinite(self.floor):
            raise UsageError(f"The least similarity is a finite number, not {self.floor}.")

    @property
    def start(self) -> int:
        """How many matches are passed over."""
        return self.offset or 0

    @property
    def thorough(self) -> bool:
        """Whether all vectors are to be scanned: for pages that fit, and for ranges, too."""
        return self.exact or self.offset is not None or self.within is not None

    @property
    def count(self) -> int:
        """How many matches a page has."""
        return self.k or (K if self.within is None else RANGE)

    @property
    def floor(self) -> float | None:
        """What a match has to be similar by at least."""
        return self.min_similarity if self.within is None else self.within


@dataclass(frozen=True, slots=True)
class Page:
    """A part of an answer, and whether there is more after it."""

    keys: Keys
    scores: Floats
    more: bool


@dataclass(frozen=True, slots=True)
class Ranking:
    """How to look. `find` gives at most so many of the nearest for each question, in order.

    `similarity` makes similarities of scores, `between` those among images (n, n), `contents`
    numbers of theirs (n,): equal ones for equal bytes.
    """

    find: Find
    similarity: Callable[[Floats], Floats]
    between: Callable[[Keys], Floats]
    contents: Callable[[Keys], Keys]


def arranged(ranking: Ranking, wanted: Wanted) -> list[Page]:
    """The page of each question. Pages of a library that does not change fit together."""
    end = wanted.start + wanted.count
    needed = max(end + 1, POOL if wanted.diversity else 0)
    depth = needed
    while True:
        found = ranking.find(depth)
        answers = [_narrowed(answer, ranking, wanted) for answer in found]
        exhausted = all(len(keys) < depth for keys, _ in found)
        if not wanted.group_duplicates or exhausted or _reach(answers, found, needed, depth):
            break
        depth *= _DEEPER
    pages = []
    for answer in answers:
        keys, scores = _diverse(answer, ranking, wanted)
        pages.append(Page(keys[wanted.start : end], scores[wanted.start : end], len(keys) > end))
    return pages


def _reach(answers: Sequence[Answer], found: Sequence[Answer], needed: int, depth: int) -> bool:
    """Whether each answer is long enough, or all that there is."""
    return all(
        len(answer[0]) >= needed or len(keys) < depth
        for answer, (keys, _) in zip(answers, found, strict=True)
    )


def _narrowed(answer: Answer, ranking: Ranking, wanted: Wanted) -> Answer:
    keys, scores = answer
    if wanted.floor is not None:
        near = ranking.similarity(scores) >= wanted.floor
        keys, scores = keys[near], scores[near]
    if wanted.group_duplicates and len(keys):
        first = np.sort(np.unique(ranking.contents(keys), return_index=True)[1])
        keys, scores = keys[first], scores[first]
    return keys, scores


def _diverse(answer: Answer, ranking: Ranking, wanted: Wanted) -> Answer:
    keys, scores = answer
    if not wanted.diversity or len(keys) < 2:
        return answer
    pool = keys[:POOL]
    near = ranking.similarity(scores[:POOL])
    order = diversified(near, ranking.between(pool), wanted.diversity)
    return (
        np.concatenate([pool[order], keys[POOL:]]),
        np.concatenate([scores[:POOL][order], scores[POOL:]]),
    )
