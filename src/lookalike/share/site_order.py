"""An order of images in which those that look alike lie together, so that they share a file."""

from __future__ import annotations

import numpy as np

from lookalike.index.halves import as_floats
from lookalike.types import Floats, Halves, Keys

_SAMPLE = 1024
_TURNS = 8
_BLOCK = 4096


def alike_order(rows: Halves, leaf: int) -> Keys:
    """Row numbers (n,) of `rows` (n, d), similar ones next to each other in runs of `leaf`.

    The rows are halved along the direction in which they differ most (Sproull, "Refinements to
    nearest-neighbor searching in k-dimensional trees", 1991), and so are the halves. The same
    rows give the same order.
    """
    pending = [np.arange(len(rows), dtype=np.int64)]
    leaves: list[Keys] = []
    while pending:
        part = pending.pop()
        if len(part) <= leaf:
            leaves.append(part)
            continue
        place = np.argsort(_along(rows, part), kind="stable")
        middle = -(-len(part) // leaf) // 2 * leaf
        pending += [part[place[middle:]], part[place[:middle]]]
    return np.concatenate(leaves) if leaves else np.empty(0, dtype=np.int64)


def _along(rows: Halves, part: Keys) -> Floats:
    """Where some rows (m,) lie along their principal direction, found by power iteration."""
    step = max(1, len(part) // _SAMPLE)
    sample = _finite(rows[part[::step]])
    mean = sample.mean(axis=0)
    sample -= mean
    direction = sample[np.argmax((sample * sample).sum(axis=1))]
    for _ in range(_TURNS):
        turned = sample.T @ (sample @ direction)
        length = float(np.linalg.norm(turned))
        if length == 0:
            break
        direction = turned / np.float32(length)
    starts = range(0, len(part), _BLOCK)
    return np.concatenate(
        [(_finite(rows[part[start : start + _BLOCK]]) - mean) @ direction for start in starts]
    )


def _finite(rows: Halves) -> Floats:
    wide: Floats = np.nan_to_num(as_floats(rows), posinf=0, neginf=0)
    return wide
