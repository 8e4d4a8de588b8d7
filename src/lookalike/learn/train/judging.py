"""How good the answers of a network are on held-out images: retrieval first, then its heads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lookalike.evaluate.measure import measure
from lookalike.evaluate.metrics import Doubles, metric_name
from lookalike.evaluate.ranking import Ranker, View
from lookalike.evaluate.split import Split, leave_one_out, some_queries
from lookalike.evaluate.truth import MISSING, Agreement
from lookalike.learn.train.augment import centred
from lookalike.learn.train.examples import Examples
from lookalike.learn.train.network import VECTOR, head_name
from lookalike.models.torch_network import import_torch
from lookalike.types import Floats, Keys, Pixels

K = 10
QUERIES = 1000
"""Held-out images that ask after each epoch."""
_STEP = 64


@dataclass(frozen=True, slots=True)
class Judged:
    """The metric of each query by column, their groups, and the share right of each head."""

    values: Mapping[str, Doubles]
    groups: Mapping[str, Keys]
    accuracy: Mapping[str, float]

    @property
    def by_column(self) -> dict[str, float]:
        """The mean over the queries of each column."""
        return {name: float(values.mean()) for name, values in self.values.items()}

    @property
    def score(self) -> float:
        """The mean over the columns: what a training is stopped by."""
        return float(np.mean([*self.by_column.values()]))


def outputs_of(network: Any, planes: Callable[[Any], Any], pixels: Pixels) -> dict[str, Floats]:
    """What a network gives for squares uint8 (m, side, side, 3), float32, a part at a time."""
    torch = import_torch("Training")
    device = next(network.parameters()).device
    was = network.training
    network.eval()
    parts: dict[str, list[Floats]] = {}
    with torch.inference_mode():
        for start in range(0, len(pixels), _STEP):
            some = np.ascontiguousarray(pixels[start : start + _STEP])
            for name, values in network(planes(torch.from_numpy(some).to(device))).items():
                parts.setdefault(name, []).append(values.float().cpu().numpy())
    network.train(was)
    return {name: np.concatenate(found) for name, found in parts.items()}


def judged(
    network: Any,
    planes: Callable[[Any], Any],
    pixels: Pixels,
    side: int,
    examples: Examples,
    held: Keys,
    columns: list[str],
    metric: str,
) -> Judged:
    """Ask each held-out image for those like it among the others, column by column.

    `pixels` (n, large, large, 3) and `held` (m,), rising, are by row of `examples`; an image asks
    where another that is held out agrees with it. Raises `UnknownNameError` for a metric.
    """
    wanted = metric_name(metric, K)
    outputs = outputs_of(network, planes, centred(pixels[held], side))
    own = examples.only(held)
    values, groups, accuracy = {}, {}, {}
    for column in columns:
        codes = own.labels[column].codes
        split = _split(own, codes)
        if len(split.queries):
            truth = Agreement(codes[:, None])
            scorer = Ranker([View(outputs[VECTOR], None, "cosine")], split)
            found = measure(scorer, split, truth, K, classes=codes)
            values[column] = found.values[wanted]
            groups[column] = own.groups[found.queries]
        if head_name(column) in outputs and (codes != MISSING).any():
            right = outputs[head_name(column)].argmax(axis=1) == codes
            accuracy[column] = float(right[codes != MISSING].mean())
    return Judged(values, groups, accuracy)


def _split(own: Examples, codes: Keys) -> Split:
    known = np.flatnonzero(codes != MISSING)
    split = leave_one_out(known, own.contents, own.groups)
    sizes = np.bincount(codes[known], minlength=1)
    asks = known[sizes[codes[known]] > 1]
    return some_queries(Split(asks, split.gallery, split.contents, split.groups), QUERIES)
