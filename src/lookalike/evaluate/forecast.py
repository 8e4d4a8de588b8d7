"""What a run over everything will take and give, from a run over a sample: with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

import numpy as np

from lookalike.evaluate.intervals import Estimate, bootstrap
from lookalike.evaluate.measure import measure
from lookalike.evaluate.metrics import Doubles
from lookalike.evaluate.ranking import Ranker, View
from lookalike.evaluate.split import Split
from lookalike.evaluate.truth import MISSING, Agreement
from lookalike.types import Keys

SHARES = (0.25, 0.35, 0.5, 0.7, 1.0)
"""Parts of the sample that answer in turn, to see how answers change as more can be found."""
DRAWS = 4
LEAST_LABELLED = 40
_ROUNDS = 1000
_LEAST_SPREAD = 0.1
"""The least half-width of a time or size, as a share: other things run, and logs are kept."""
_Z = 1.96


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the whole of a source is predicted to take and give; made from `sampled` of `offered`.

    `seconds`, `size` (bytes of the database) and `rejected` (images) are for the whole run,
    `precision` (at k, with the labels) is None without labels.
    """

    source: str
    model: str
    offered: int
    sampled: int
    seed: int
    k: int
    seconds: Estimate
    size: Estimate
    rejected: Estimate
    precision: Estimate | None

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Forecast:
        """What `as_dict` gave."""
        told = dict(data)
        for name in ("seconds", "size", "rejected", "precision"):
            told[name] = None if told[name] is None else Estimate(**told[name])
        return cls(**told)


def whole_time(marks: Sequence[tuple[float, int]], offered: int) -> Estimate:
    """Seconds for `offered` images, from (seconds since the start, images done) group by group.

    What passes before the first group beyond its share is the start, which comes once.
    """
    times, done = (np.array(column, dtype=np.float64) for column in zip(*marks, strict=True))
    if len(marks) < 3:
        value = float(times[-1] / done[-1] * offered)
        return Estimate(value, 0.5 * value, 2 * value)
    took, images = np.diff(times), np.diff(done)
    generator = np.random.default_rng(0)
    picks = generator.integers(0, len(took), (_ROUNDS, len(took)))
    rates = took[picks].sum(axis=1) / images[picks].sum(axis=1)
    rate = float(took.sum() / images.sum())
    start = max(0.0, float(times[0] - done[0] * rate))
    value = start + rate * offered
    low, high = np.quantile(rates, [0.025, 0.975]) * offered + start
    spread = _LEAST_SPREAD * value
    return Estimate(value, min(float(low), value - spread), max(float(high), value + spread))


def whole_count(found: int, sampled: int, offered: int) -> Estimate:
    """How many of `offered`, where `found` of `sampled` were; Wilson's interval (1927).

    The sample is without replacement, so the interval narrows as it nears the whole.
    """
    share = found / sampled
    left = sqrt(max(0.0, (offered - sampled) / max(1, offered - 1)))
    z = _Z * left
    middle = (share + z**2 / (2 * sampled)) / (1 + z**2 / sampled)
    spread = (
        z * sqrt(share * (1 - share) / sampled + z**2 / (4 * sampled**2)) / (1 + z**2 / sampled)
    )
    low, high = max(0.0, middle - spread), min(1.0, middle + spread)
    return Estimate(share * offered, low * offered, high * offered)


def whole_size(sizes: Sequence[tuple[int, int]], offered: int) -> Estimate:
    """Bytes for `offered` images, from (images, bytes) at some moments: a straight line."""
    images, size = (np.array(column, dtype=np.float64) for column in zip(*sizes, strict=True))
    slope, base = np.polyfit(images, size, 1) if len(set(images)) > 1 else (0.0, size[-1])
    value = float(base + slope * offered)
    left = size - (base + slope * images)
    spread = max(_LEAST_SPREAD * value, float(np.abs(left).max()) * offered / max(1.0, images[-1]))
    return Estimate(value, value - spread, value + spread)


def whole_precision(
    view: View, codes: Keys, contents: Keys, k: int, labelled: int
) -> Estimate | None:
    """Precision@k with `labelled` images to be found, from the rows of a sample with `codes`.

    More to be found means nearer ones, so precision rises with their number. Lines through
    parts of the sample are drawn on, one over the log of the number and one that levels off, over
    minus one by its root; between them lies what is said, and the interval spans those of both,
    from queries drawn anew. None where fewer than 40 have a label.
    """
    known = np.flatnonzero(codes != MISSING)
    if len(known) < LEAST_LABELLED:
        return None
    truth = Agreement(codes[:, None], graded=False)
    groups = np.full(len(codes), MISSING, dtype=np.int64)
    generator = np.random.default_rng(0)
    sizes, columns = [], []
    for share in SHARES:
        size = max(2 * k, round(share * len(known)))
        draws = 1 if share == 1 else DRAWS
        sizes.append(float(min(size, len(known))))
        columns.append(
            np.mean([_precision(view, truth, known, contents, groups, k, np.sort(
                generator.permutation(known)[:size])) for _ in range(draws)], axis=0)
        )  # fmt: skip
    curves, at = np.stack(columns, axis=1), np.array([*sizes, labelled])
    ends = []
    for places in (np.log(at), -1 / np.sqrt(at)):
        drawn_on = curves @ _line(places[:-1], float(places[-1]))
        ends += bootstrap(drawn_on[:, None], groups[known])
    value = float(np.mean([one.value for one in ends]))
    low, high = min(one.low for one in ends), max(one.high for one in ends)
    return Estimate(*(float(np.clip(one, 0, 1)) for one in (value, low, high)))


def _precision(
    view: View, truth: Agreement, known: Keys, contents: Keys, groups: Keys, k: int, gallery: Keys
) -> Doubles:
    split = Split(known, gallery, contents, groups)
    found = measure(Ranker([view], split), split, truth, k)
    return found.values[f"precision@{k}"]


def _line(places: Doubles, at: float) -> Doubles:
    """Weights of the points of a straight line that give its value at another place."""
    table = np.stack([np.ones_like(places), places], axis=1)
    weights: Doubles = np.array([1.0, at]) @ np.linalg.pinv(table)
    return weights
