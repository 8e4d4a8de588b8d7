"""The groups of near-duplicates that were found last, and the plans that were made of them."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lookalike.api.problems import NotMadeError, NotThereError
from lookalike.explore.duplicates import Level
from lookalike.explore.plan import Plan
from lookalike.library.duplicating import Duplicates
from lookalike.library.library import Library

PLANS = 16


@dataclass(frozen=True, slots=True)
class Seen:
    """Groups as they were found: up to which level, when (Unix seconds), of which images."""

    groups: Duplicates
    level: Level
    made: int
    images: str


class Duplicated:
    """Kept in memory alone: after a start they are found again."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._seen: Seen | None = None
        self._plans: OrderedDict[str, Plan] = OrderedDict()

    def put(self, found: Duplicates, level: Level, images: str) -> None:
        """Keep what was found, of images as their mark was before."""
        self._seen = Seen(found, level, int(time.time()), images)

    @property
    def there(self) -> bool:
        """Whether anything was put here."""
        return self._seen is not None

    def left(self) -> Seen:
        """What is left of what was found. Raises `NotMadeError` before anything was."""
        seen = self._seen
        if seen is None:
            raise NotMadeError("duplicates")
        return Seen(self._library.duplicates_left(seen.groups), seen.level, seen.made, seen.images)

    def plan(self, keep: str, stay: Sequence[str], drop: Collection[str]) -> Plan:
        """A plan for the groups that are left, kept by its digest. `stay` are patterns."""
        made = self.left().groups.plan(keep, stay, drop)
        self._plans[made.digest] = made
        while len(self._plans) > PLANS:
            self._plans.popitem(last=False)
        return made

    def planned(self, digest: str) -> Plan:
        """The plan of that digest. Raises `NotThereError`."""
        plan = self._plans.get(digest)
        if plan is None:
            raise NotThereError("There is no such plan. Make it again: POST /v1/duplicates/plan")
        return plan
