"""Words that tell a cluster from the rest: values of its metadata that are unusually frequent."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from lookalike.store.column import Value
from lookalike.types import Keys

SHOWN = 6
_LEAST = 1.96
_PRIOR = 10.0
_LONGEST = 60


def words_of_clusters(
    codes: Keys, columns: Mapping[str, Sequence[Value]], count: int
) -> list[list[str]]:
    """For each of `count` clusters up to six `column: value`, the most telling first.

    `codes` (n,) are clusters of images, -1 for none; columns have n values. Log-odds of a value
    in the cluster against the rest, under a prior of its frequency overall, over their standard
    error (Monroe, Colaresi and Quinn, "Fightin' Words", 2008); only what is above 1.96. A column
    in which more than half of the values differ names images, not kinds, and is left out.
    """
    found: list[list[tuple[float, str]]] = [[] for _ in range(count)]
    for name, values in columns.items():
        kinds = [_kind(value) for value in values]
        total = Counter(filter(None, kinds))
        if not total or len(total) > max(2, total.total() // 2):
            continue
        for code in range(count):
            members = np.flatnonzero(codes == code)
            inside = Counter(filter(None, (kinds[row] for row in members.tolist())))
            for kind, times in inside.items():
                z = _log_odds(times, inside.total(), total[kind], total.total())
                if z > _LEAST:
                    found[code].append((z, f"{name}: {kind}"))
    return [[word for _, word in sorted(each, reverse=True)[:SHOWN]] for each in found]


def _log_odds(times: int, size: int, total: int, everything: int) -> float:
    prior = _PRIOR * total / everything
    rest, others = total - times, everything - size
    inside = math.log((times + prior) / (size + _PRIOR - times - prior + 1e-9))
    outside = math.log((rest + prior) / (others + _PRIOR - rest - prior + 1e-9))
    return (inside - outside) / math.sqrt(1 / (times + prior) + 1 / (rest + prior))


def _kind(value: Value) -> str | None:
    if value is None or value in {"", ()}:
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    return text[:_LONGEST]
