"""Which images make each batch of an epoch; the same for the same seed, whatever came before."""

from __future__ import annotations

from math import ceil

import numpy as np

from lookalike.types import Keys


def batches(
    rows: Keys,
    classes: Keys | None,
    batch: int,
    per_class: int,
    seed: tuple[int, ...],
    least: int = 2,
) -> list[Keys]:
    """Every row once, in batches of about `batch`; of fewer than `least` images there is none.

    With `classes` (n,) by row, images come in handfuls of `per_class` of one class, or a few
    fewer, so that none is alone where its class has others; images without a class count as
    one. (m-per-class sampling, where each image still has its turn.)
    """
    generator = np.random.default_rng(seed)
    shuffled = generator.permutation(rows)
    if classes is None:
        found = [shuffled[start : start + batch] for start in range(0, len(shuffled), batch)]
    else:
        found = _packed(_handfuls(shuffled, classes[shuffled], per_class), batch, generator)
    return [one for one in found if len(one) >= least] or found[:1]


def _handfuls(shuffled: Keys, classes: Keys, per_class: int) -> list[Keys]:
    order = np.argsort(classes, kind="stable")
    ends = np.flatnonzero(np.diff(classes[order])) + 1
    found: list[Keys] = []
    for own in np.split(shuffled[order], ends):
        found += np.array_split(own, ceil(len(own) / per_class))
    return found


def _packed(handfuls: list[Keys], batch: int, generator: np.random.Generator) -> list[Keys]:
    found: list[Keys] = []
    waiting: list[Keys] = []
    for place in generator.permutation(len(handfuls)):
        if waiting and sum(map(len, waiting)) + len(handfuls[place]) > batch:
            found.append(np.concatenate(waiting))
            waiting = []
        waiting.append(handfuls[place])
    return [*found, np.concatenate(waiting)] if waiting else found
