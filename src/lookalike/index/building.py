"""Builds an approximate index: learns from a sample, then takes the vectors in block by block."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from lookalike.index.ann import Ann
from lookalike.index.engine import Effort, engine, one_thread
from lookalike.index.halves import as_floats
from lookalike.types import Halves, Keys, Metric, Stop

OnStep = Callable[[str, int, int], None]
"""Hears what is being done, how much of it is done, and of how much."""

_BLOCK_VALUES = 1 << 22
_BLOCK_ROWS = 1 << 13
_ALONE_VALUES = 1 << 21
_FIRST = Effort(16, 4)
"""What an index starts with, until it is tuned."""


class InterruptedBuildError(Exception):
    """A build was asked to stop; nothing was kept."""


def build(
    name: str, matrix: Halves, rows: Keys, metric: Metric, on_step: OnStep, stop: Stop
) -> Ann:
    """An index of the rows (m,) of `matrix` (n, d) float16; position i is row `rows[i]`.

    Beside the index, memory holds the sample and one block, as float32. Raises
    `InterruptedBuildError` when `stop` turns true.
    """
    made = engine(name)
    index = made.make(matrix.shape[1], len(rows), metric)
    on_step("learning", 0, 1)
    sample = np.unique(np.linspace(0, len(rows) - 1, made.training(index)).astype(np.int64))
    learnt_from = _floats(matrix, rows[sample])
    with _threads_for(learnt_from.size):
        made.learn(index, learnt_from)
    on_step("learning", 1, 1)
    ann = Ann(name, index, metric, _FIRST)
    extend(ann, matrix, rows, on_step, stop)
    return ann


def extend(ann: Ann, matrix: Halves, rows: Keys, on_step: OnStep, stop: Stop) -> None:
    """Take further rows of `matrix` in, at the positions after the last."""
    height = max(1, min(_BLOCK_ROWS, _BLOCK_VALUES // matrix.shape[1]))
    for start in range(0, len(rows), height):
        if stop():
            raise InterruptedBuildError
        block = _floats(matrix, rows[start : start + height])
        with _threads_for(len(rows) * matrix.shape[1]):
            ann.index.add(block)
        on_step("adding", min(start + height, len(rows)), len(rows))


def _threads_for(values: int) -> AbstractContextManager[None]:
    return one_thread() if values < _ALONE_VALUES else nullcontext()


def _floats(matrix: Halves, rows: Keys) -> Any:
    return as_floats(np.asarray(matrix)[rows])
