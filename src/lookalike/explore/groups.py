"""Groups of which every member was held against every other: complete linkage, no chains."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Pair = tuple[int, int]
_ROUNDS = 8
_COMPARED = 64
"""Members of a group that a newcomer is held against; of more, these many are enough."""


def linked(scores: Mapping[Pair, float], near: Callable[[int, int], bool]) -> list[list[int]]:
    """Groups of numbers such that any two members of one are `near`; the largest first.

    `scores` are the pairs known to be near, the lower number first; higher is nearer. Groups
    are merged from the best pair on, as agglomerative clustering by complete linkage does
    (Defays, "An efficient algorithm for a complete link method", 1977); `near` is asked for
    pairs that have no score. Pairs left between groups form groups of their own, so that every
    pair of `scores` is inside one; a number may then be in several.
    """
    groups: list[list[int]] = []
    left = dict(scores)
    for _ in range(_ROUNDS):
        if not left:
            break
        found = _merged(left, scores, near)
        groups += found
        homes: dict[int, set[int]] = {}
        for number, group in enumerate(found):
            for member in group:
                homes.setdefault(member, set()).add(number)
        none: set[int] = set()
        left = {
            pair: score
            for pair, score in left.items()
            if not homes.get(pair[0], none) & homes.get(pair[1], none)
        }
    groups += [list(pair) for pair in left]
    return sorted(groups, key=lambda group: (-len(group), group))


def _merged(
    left: Mapping[Pair, float], scores: Mapping[Pair, float], near: Callable[[int, int], bool]
) -> list[list[int]]:
    home: dict[int, int] = {}
    members: dict[int, list[int]] = {}
    for one, other in sorted(left, key=lambda pair: (-left[pair], pair)):
        first, second = home.setdefault(one, one), home.setdefault(other, other)
        mine, theirs = members.setdefault(first, [one]), members.setdefault(second, [other])
        if first == second:
            continue
        if all(
            _pair(a, b) in scores or near(*_pair(a, b))
            for a in mine[:_COMPARED]
            for b in theirs[:_COMPARED]
        ):
            mine += theirs
            del members[second]
            for member in theirs:
                home[member] = first
    return [sorted(group) for group in members.values() if len(group) > 1]


def _pair(a: int, b: int) -> Pair:
    return (a, b) if a < b else (b, a)
