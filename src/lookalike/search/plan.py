"""How a search is carried out: by the index where that is quicker and sure, exactly elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from lookalike.index.ann import TUNED_FOR
from lookalike.search.covered import Covered
from lookalike.store.matrix import MatrixView
from lookalike.types import Metric

NO_INDEX = "no index"
_FEW_ALLOWED = 20_000
_FEW_PART = 50
_MOST_WANTED_PART = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """Whether the index is asked, and why, in words."""

    by_index: bool
    why: str


def plan(
    view: MatrixView,
    covered: Covered | None,
    wanted: int,
    metric: Metric,
    allowed: int | None,
    absent: str = NO_INDEX,
) -> Plan:
    """How to find `wanted` images of a view, of which so many are `allowed` (None: all).

    `absent` says why there is no index, where `covered` is None.
    """
    if covered is None:
        scanned = view.count if allowed is None else allowed
        which = "" if allowed is None else " that are allowed"
        return Plan(by_index=False, why=f"exact scan of {scanned:,} vectors{which}: {absent}")
    if not covered.ann.serves(metric):
        why = f"exact scan: the index was made for {covered.ann.metric}, not for {metric}"
        return Plan(by_index=False, why=why)
    if allowed is not None and allowed <= max(_FEW_ALLOWED, view.count // _FEW_PART):
        return Plan(by_index=False, why=f"exact scan of the {allowed:,} vectors that are allowed")
    candidates = max(TUNED_FOR, wanted) * covered.ann.effort.depth
    if candidates * _MOST_WANTED_PART > covered.count:
        return Plan(by_index=False, why=f"exact scan: {wanted:,} results are a large part of all")
    rest = len(covered.rest_keys) + len(view.tail_keys)
    among = "" if allowed is None else f" among {allowed:,} that are allowed"
    why = f"{covered.ann.name} over {covered.count:,} vectors{among}"
    return Plan(by_index=True, why=why + (f", {rest:,} newer ones scanned" if rest else ""))
