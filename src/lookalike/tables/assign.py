"""Which part of a split each row goes to: groups whole, labels in proportion, the same every time.

Groups of several rows go first, the largest before the others, each to the part in which it
lowers the squared error of the counts by label the most (the idea of iterative stratification:
Sechidis, Tsoumakas, Vlahavas, On the Stratification of Multi-Label Data, ECML PKDD 2011, for
whole groups). Single rows then fill up what is missing, label by label.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Parts = NDArray[np.uint8]


def assign_rows(
    labels: NDArray[np.int32],
    groups: NDArray[np.uint64],
    ranks: NDArray[np.uint64],
    shares: Sequence[float],
) -> Parts:
    """The number of each row's part, (n,), out of as many as there are `shares`; these add to 1.

    `labels` (n,) are numbers from 0; rows with the same number in `groups` stay together.
    `groups` and `ranks` are hashes with a seed in them: they break ties, and order single rows.
    """
    wanted = np.outer(shares, np.bincount(labels))
    _, first, places, sizes = np.unique(
        groups, return_index=True, return_inverse=True, return_counts=True
    )
    parts = np.zeros(len(labels), np.uint8)
    have = np.zeros_like(wanted)
    if (sizes > 1).any():
        large = sizes > 1
        of_group = np.zeros(len(sizes), np.uint8)
        _place_groups(labels, places, sizes, wanted, have, of_group)
        parts[large[places]] = of_group[places][large[places]]
    single = first[sizes == 1]
    _fill(labels, single, ranks, wanted, have, parts)
    return parts


def _place_groups(
    labels: NDArray[np.int32],
    places: NDArray[np.intp],
    sizes: NDArray[np.intp],
    wanted: NDArray[np.float64],
    have: NDArray[np.float64],
    of_group: Parts,
) -> None:
    """Give each group of several rows its part; `have` counts rows by part and label."""
    rows = np.flatnonzero(sizes[places] > 1)
    pairs, counts = np.unique(
        places[rows].astype(np.int64) * wanted.shape[1] + labels[rows], return_counts=True
    )
    owners, kinds = np.divmod(pairs, wanted.shape[1])
    begins = np.flatnonzero(np.diff(owners, prepend=-1))
    ends = np.append(begins[1:], len(owners))
    order = np.argsort(-sizes[owners[begins]], kind="stable")  # equal ones by their hash
    missing = (wanted - have).T.tolist()
    totals = wanted.sum(axis=0).tolist()
    numbers = range(wanted.shape[0])
    for begin, end in zip(begins[order].tolist(), ends[order].tolist(), strict=True):
        inside = list(zip(kinds[begin:end].tolist(), counts[begin:end].tolist(), strict=True))
        best = max(
            numbers,
            key=lambda part: sum(
                count * missing[kind][part] / totals[kind] for kind, count in inside
            ),
        )
        of_group[owners[begin]] = best
        for kind, count in inside:
            missing[kind][best] -= count
            have[best, kind] += count


def _fill(
    labels: NDArray[np.int32],
    single: NDArray[np.intp],
    ranks: NDArray[np.uint64],
    wanted: NDArray[np.float64],
    have: NDArray[np.float64],
    parts: Parts,
) -> None:
    """Give single rows to the parts that lack their label; what is left of a row is carried on."""
    if not len(single):
        return
    ordered = single[np.lexsort((ranks[single], labels[single]))]
    kinds, begins = np.unique(labels[ordered], return_index=True)
    ends = np.append(begins[1:], len(ordered))
    carried = np.zeros(wanted.shape[0])
    for kind, begin, end in zip(kinds, begins, ends, strict=True):
        missing = np.maximum(wanted[:, kind] - have[:, kind], 0)
        share = (
            missing / missing.sum() if missing.sum() else wanted[:, kind] / wanted[:, kind].sum()
        )
        exact = np.maximum(share * (end - begin) + carried, 0)
        counts = np.floor(exact * (end - begin) / max(exact.sum(), 1e-12)).astype(int)
        rest = exact - counts
        for _ in range(end - begin - counts.sum()):
            part = int(rest.argmax())
            counts[part] += 1
            rest[part] -= 1
        carried += share * (end - begin) - counts
        parts[ordered[begin:end]] = np.repeat(np.arange(len(counts)), counts)
