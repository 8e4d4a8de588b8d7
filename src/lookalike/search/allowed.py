"""The rows of a matrix that a filter leaves, and exact search among them alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from lookalike.index.blocks import Mask
from lookalike.types import Floats, Keys, Stored

_GATHERED_PART = 20
"""One row in so many, or fewer, are copied together; more are scanned where they lie."""
_GATHERED_BYTES = 64 << 20

Scan: TypeAlias = Callable[[Stored, Mask | None], tuple[Floats, Keys]]
"""Rows and a mask of those to skip -> scores (q, k') and row numbers (q, k'), best first."""


def scan_allowed(
    matrix: Stored, keys: Keys, dead: Mask | None, allowed: Keys | None, scan: Scan
) -> tuple[Floats, Keys]:
    """Scores and keys (q, k') of the best rows among those whose keys are `allowed`.

    `keys` (n,) and `allowed` (m,) rise; None allows every row. min(k, rows left) of each come
    back, since what is not allowed is left out before anything is ranked.
    """
    if allowed is None:
        scores, rows = scan(matrix, dead)
        return scores, keys[rows]
    left = rows_of(allowed, keys)
    if dead is not None:
        left = left[~dead[left]]
    if is_gathered(len(left), matrix):
        scores, places = scan(matrix[left], None)
        return scores, keys[left[places]]
    skip = np.ones(len(keys), dtype=np.bool_)
    skip[left] = False
    scores, rows = scan(matrix, skip)
    return scores, keys[rows]


def rows_of(allowed: Keys, keys: Keys) -> Keys:
    """The numbers, rising, of the rows of `keys` (n,) that are in `allowed` (m,); both rise."""
    if len(keys) and keys[-1] - keys[0] == len(keys) - 1:  # none is missing in between
        first, end = np.searchsorted(allowed, (keys[0], keys[-1] + 1))
        rows: Keys = allowed[first:end] - keys[0]
        return rows
    places = np.searchsorted(keys, allowed)
    found = places < len(keys)
    found[found] = keys[places[found]] == allowed[found]
    return places[found]


def is_gathered(count: int, matrix: Stored) -> bool:
    """Whether so few rows of a matrix are wanted that copying them pays."""
    few = count * _GATHERED_PART <= len(matrix)
    return few and count * matrix.shape[1] * matrix.itemsize <= _GATHERED_BYTES
