"""The groups of near-duplicates that were found last, and the plans that were made of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Sequence

from lookalike.api.problems import NotMadeError, NotThereError
from lookalike.explore.plan import Plan
from lookalike.library.kept_duplicates import KeptDuplicates
from lookalike.library.library import Library

PLANS = 16


class Duplicated:
    """The groups are the library's, and outlive a start; plans are kept in memory alone."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._plans: OrderedDict[str, Plan] = OrderedDict()

    def left(self) -> KeptDuplicates:
        """What is left of what was found. Raises `NotMadeError` before anything was."""
        kept = self._library.kept_duplicates()
        if kept is None:
            raise NotMadeError("duplicates")
        return kept

    def plan(self, keep: str, stay: Sequence[str], drop: Collection[str]) -> Plan:
        """A plan for the groups that are left, kept by its digest. `stay` are patterns."""
        made = self.left().duplicates.plan(keep, stay, drop)
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
