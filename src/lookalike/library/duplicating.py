"""Near-duplicates of a library: found, told apart by what people decided, and what leaks."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

from lookalike.embed.resources import Resources
from lookalike.errors import UnknownNameError, UsageError
from lookalike.explore.duplicates import LEVELS, Found, Group, Wanted, find_duplicates
from lookalike.explore.duplicates_page import Picture, duplicates_page
from lookalike.explore.plan import Plan, make_plan, read_plan
from lookalike.explore.prints import PREPROCESSING, Prints
from lookalike.explore.quarantine import Moved, apply_plan, undo
from lookalike.store.records import ImageRecord, Space
from lookalike.store.store import Store
from lookalike.types import Stop

VERDICTS = ("not-duplicates", "keep-both")
FOLDER = "folder"
NOWHERE = object()
"""The side of an image that lies on none."""

OnStep = Callable[[str, int, int], object]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Groups of near-duplicates, largest first, and how they were found.

    `decided` counts the pairs that are not shown since somebody decided on them.
    """

    found: Found
    groups: list[Group]
    decided: int
    picture: Picture

    def plan(
        self, keep: str = "best", protect: Sequence[str] = (), drop: Collection[str] = ()
    ) -> Plan:
        """Which image of each group stays: best, first, largest or newest; see `make_plan`."""
        return make_plan(self.groups, keep, protect, drop)

    def html(self, plan: Plan) -> str:
        """The groups side by side as one page: what stays, what may go, and why."""
        return duplicates_page(self.groups, plan, self.picture)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        usual = self.found.background
        return {
            "contents": self.found.contents,
            "compared": self.found.compared,
            "scene_threshold": None if usual is None else round(usual.scene, 4),
            "hash_radius": self.found.radius,
            "decided": self.decided,
            "unreadable": self.found.unreadable,
            "groups": [
                {
                    "level": group.level,
                    "images": [image.id for image in group.images],
                    "pairs": [
                        {
                            "images": [group.images[one].id, group.images[other].id],
                            "level": edge.level,
                            "score": round(edge.score, 4),
                            "how": edge.how,
                        }
                        for (one, other), edge in sorted(group.edges.items())
                    ],
                }
                for group in self.groups
            ],
        }


def find(
    store: Store,
    resources: Resources,
    space: Space,
    level: str,
    across: str | Mapping[str, str] | None,
    picture: Picture,
    on_step: OnStep | None,
    stop: Stop,
) -> Duplicates:
    """Find near-duplicates; raises `UnknownNameError` for a level or a column there is not."""
    known = next((name for name in LEVELS if name == level), None)
    if known is None:
        raise UnknownNameError("level", level, LEVELS)
    side = _sides(store, across)
    wanted = Wanted(known, space, on_step or (lambda *_: None), stop)
    with resources.pool(PREPROCESSING, thumbnails=False) as pool:
        prints = Prints(pool, store.directory / "cache")
        try:
            found = find_duplicates(store, prints, wanted)
        finally:
            prints.close()
    groups, decided = undecided(store, found.groups)
    if side is not None:
        groups = [part for group in groups if (part := _crossing(group, side)) is not None]
    ordered = sorted(groups, key=lambda group: -len(group.images))
    return Duplicates(found, ordered, decided, picture)


def apply(
    store: Store,
    plan: str | os.PathLike[str] | Plan,
    quarantine: str | os.PathLike[str] | None,
    on_step: OnStep | None,
) -> Moved:
    """Apply a plan, or the plan in a file; see `apply_plan`."""
    read = plan if isinstance(plan, Plan) else read_plan(Path(plan))
    folder = None if quarantine is None else Path(quarantine)
    return apply_plan(store, read, folder, on_step or (lambda *_: None))


def bring_back(store: Store, on_step: OnStep | None) -> Moved:
    """Undo the last plan; see `undo`."""
    return undo(store, on_step or (lambda *_: None))


def decide(store: Store, verdict: str, ids: Sequence[str]) -> int:
    """Keep a verdict on each two of some images; raises `UnknownNameError`, `UsageError`."""
    if verdict not in VERDICTS:
        raise UnknownNameError("verdict", verdict, VERDICTS)
    if len(set(ids)) < 2:
        raise UsageError("A verdict is about two images or more: name each with --of ID.")
    return store.decide(verdict, combinations(sorted(set(ids)), 2))


def _sides(
    store: Store, across: str | Mapping[str, str] | None
) -> Callable[[ImageRecord], Any] | None:
    if across is None:
        return None
    if isinstance(across, Mapping):
        return lambda image: across.get(image.id, NOWHERE)
    if across == "label":
        return lambda image: image.label
    if across == "source":
        return lambda image: image.source
    if across == FOLDER:
        return lambda image: image.id.partition("/")[0] if "/" in image.id else ""
    store.facts([across])
    return lambda image: image.meta.get(across)


def _crossing(group: Group, side: Callable[[ImageRecord], Any]) -> Group | None:
    """The group, with the pairs whose two images lie on different sides; None without any."""
    sides = [side(image) for image in group.images]
    edges = {
        (one, other): edge
        for (one, other), edge in group.edges.items()
        if sides[one] != sides[other] and NOWHERE not in {sides[one], sides[other]}
    }
    return replace(group, edges=edges) if edges else None


def undecided(store: Store, groups: Sequence[Group]) -> tuple[list[Group], int]:
    """Groups without the pairs on which somebody decided, and how many pairs those are."""
    decisions = store.decisions()
    left: list[Group] = []
    decided = 0
    for group in groups:
        parts, dropped = _apart(group, decisions)
        decided += dropped
        left += parts
    return left, decided


def _apart(group: Group, decisions: Mapping[tuple[str, str], str]) -> tuple[list[Group], int]:
    """The group split so that no two images on which somebody decided are in one part."""
    ids = [image.id for image in group.images]
    apart = {
        (one, other)
        for one in range(len(ids))
        for other in range(one + 1, len(ids))
        if (min(ids[one], ids[other]), max(ids[one], ids[other])) in decisions
    } if decisions else set()  # fmt: skip
    if not apart:
        return [group], 0
    parts: list[list[int]] = []
    for place in range(len(ids)):
        home = next(
            (part for part in parts if not any((member, place) in apart for member in part)), None
        )
        if home is None:
            parts.append([place])
        else:
            home.append(place)
    return [_part(group, part) for part in parts if len(part) > 1], len(apart)


def _part(group: Group, places: Sequence[int]) -> Group:
    new = {place: number for number, place in enumerate(places)}
    edges = {
        (new[one], new[other]): edge
        for (one, other), edge in group.edges.items()
        if one in new and other in new
    }
    return Group([group.images[place] for place in places], edges)
