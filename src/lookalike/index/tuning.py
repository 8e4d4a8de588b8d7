"""Chooses how hard an index must try, and measures it against exact search on held-out queries."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lookalike.index.ann import TUNED_FOR, Ann
from lookalike.index.blocks import Mask
from lookalike.index.engine import Effort
from lookalike.index.exact import top_k
from lookalike.index.on_rows import OnRows
from lookalike.types import Floats, Halves, Keys, Metric

K = TUNED_FOR
_TIMED = 40
_TIES = 50
"""Rows beyond k that may be as near as the k-th."""
_FLAT = 4
"""Steps of reach without a gain after which no more are tried."""
_BEYOND = 4
"""Steps of reach above the recall that is wanted: they may do with less depth."""
_SAME = 1e-6
"""Scores closer than this are a tie: either row is as good an answer."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What exact search answers to held-out queries (q, d).

    `last` (q,) is the score of the k-th nearest row; `rows` (q, r) are rows at least as near
    as that, tied ones too, -2 after the last; `hidden` (q,) a row that is no answer to its
    query, or -1.
    """

    queries: Floats
    last: Floats
    rows: Keys
    hidden: Keys

    @property
    def wanted(self) -> int:
        """Results to ask for: one more where a query is itself among the rows."""
        return K + 1 if (self.hidden >= 0).any() else K

    def part(self, which: slice) -> Truth:
        """The same for some of the queries."""
        return Truth(self.queries[which], self.last[which], self.rows[which], self.hidden[which])

    def recall(self, scores: Floats) -> Floats:
        """The share (q,) of k results that are as near as the true ones; scores (q, k)."""
        shares: Floats = (scores >= _least(self.last)).mean(axis=1, dtype=np.float32)
        return shares

    def recalls(self, candidates: Keys, depths: Sequence[int]) -> Floats:
        """The recall (depths, q) once the first of the `candidates` (q, c) are scored again."""
        near = np.stack(
            [np.isin(some, good) for some, good in zip(candidates, self.rows, strict=True)]
        )
        known = np.minimum(np.cumsum(near, axis=1), K) / np.float32(K)
        ends = [min(self.wanted * depth, candidates.shape[1]) - 1 for depth in depths]
        shares: Floats = known[:, ends].T.astype(np.float32)
        return shares


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of an index: recall at `k`, times a query in ms, queries a second.

    One query at a time, the candidates' second look included; the network that makes a
    query's vector is not. `effort` is the one that was chosen, `error` the standard error of
    the recall.
    """

    k: int
    queries: int
    recall: float
    error: float
    p50: float
    p99: float
    per_second: float
    effort: Effort

    def as_dict(self) -> dict[str, Any]:
        """The same for JSON."""
        return asdict(self)


def truth(
    matrix: Halves, queries: Floats, hidden: Keys, metric: Metric, skip: Mask | None, *, unit: bool
) -> Truth:
    """What exact search answers; `skip` (n,) are rows that the index does not hold."""
    scores, rows = top_k(matrix, queries, K + _TIES, metric, skip=skip, unit=unit)
    scores[rows == hidden[:, None]] = -np.inf
    last: Floats = -np.sort(-scores, axis=1)[:, min(K, scores.shape[1]) - 1]
    near = scores >= _least(last)
    return Truth(queries, last, np.where(near, rows, -2), hidden)


def tune(
    ann: Ann, matrix: Halves, rows: Keys, known: Truth, recall: float, latency: float
) -> Measured:
    """Set the cheapest effort that reaches `recall`, and measure it; else the best there is.

    Position i of the index is row `rows[i]` of `matrix`, -1 where there is none. An effort
    reaches a recall when its mean does, less its standard error. An effort that takes more
    than `latency` ms a query is only taken when none is quicker.
    """
    tried = _tried(ann, rows, known, recall)
    able = _cheapest([effort for effort, mean, error in tried if mean - error >= recall])
    if not able:
        able = [max(tried, key=lambda one: (one[1], -one[0].reach))[0]]
    laid = OnRows(ann, matrix, rows)
    timed = sorted((_time(laid, known, effort, _TIMED), effort) for effort in able)
    if timed[0][0] > latency:
        quick = _within(laid, known, tried, latency)
        timed = [(0.0, quick)] if quick else timed
    ann.effort = timed[0][1]
    return measure(ann, matrix, rows, known)


def measure(ann: Ann, matrix: Halves, rows: Keys, known: Truth) -> Measured:
    """Recall and times of the index as it is set, over all queries, one at a time."""
    laid = OnRows(ann, matrix, rows)
    _answer(laid, known.part(slice(0, 3)), ann.effort)
    shares, times = [], []
    for i in range(len(known.queries)):
        one = known.part(slice(i, i + 1))
        start = time.perf_counter()
        scores = _answer(laid, one, ann.effort)
        times.append(time.perf_counter() - start)
        shares.append(one.recall(scores))
    found = np.concatenate(shares)
    middle, late = np.percentile(times, [50, 99]) * 1000
    return Measured(
        k=K,
        queries=len(found),
        recall=float(found.mean()),
        error=_error(found),
        p50=float(middle),
        p99=float(late),
        per_second=float(1 / np.mean(times)),
        effort=ann.effort,
    )


def _tried(ann: Ann, rows: Keys, known: Truth, recall: float) -> list[tuple[Effort, float, float]]:
    """Efforts with their recall and its standard error, rising in reach while that helps."""
    depths = ann.engine.depths()
    tried: list[tuple[Effort, float, float]] = []
    best, flat, beyond = 0.0, 0, 0
    for reach in ann.engine.reaches(ann.index):
        widest = Effort(reach, depths[-1])
        positions = ann.candidates(known.queries, known.wanted, effort=widest)
        candidates = np.where(positions >= 0, rows[positions], -1)
        shares = known.recalls(candidates, depths)
        tried += [
            (Effort(reach, depth), float(found.mean()), _error(found))
            for depth, found in zip(depths, shares, strict=True)
        ]
        reached = float(shares[-1].mean())
        flat = 0 if reached > best + 1e-4 else flat + 1
        best = max(best, reached)
        beyond += reached - _error(shares[-1]) >= recall
        if flat >= _FLAT or beyond >= _BEYOND:
            break
    return tried


def _cheapest(efforts: Sequence[Effort]) -> list[Effort]:
    """For each depth the least reach, and for each reach the least depth."""
    least: dict[int, Effort] = {}
    for effort in sorted(efforts):
        if all(other.depth > effort.depth for other in least.values()):
            least[effort.reach] = effort
    return list(least.values())


def _within(
    laid: OnRows,
    known: Truth,
    tried: Sequence[tuple[Effort, float, float]],
    latency: float,
) -> Effort | None:
    """The effort of the highest recall that is quick enough, None if none is."""
    for effort, _, _ in sorted(tried, key=lambda one: (-one[1], one[0])):
        if _time(laid, known, effort, _TIMED // 4) <= latency:
            return effort
    return None


def _time(laid: OnRows, known: Truth, effort: Effort, times: int) -> float:
    """The median of milliseconds a query."""
    taken = []
    for i in range(min(times, len(known.queries))):
        one = known.part(slice(i, i + 1))
        start = time.perf_counter()
        _answer(laid, one, effort)
        taken.append(1000 * (time.perf_counter() - start))
    return float(np.median(taken))


def _answer(laid: OnRows, asked: Truth, effort: Effort) -> Floats:
    """Scores (q, k), best first, as a search finds them."""
    scores, found = laid.nearest(asked.queries, asked.wanted, laid.ann.metric, effort=effort)
    scores[found == asked.hidden[:, None]] = -np.inf
    best: Floats = -np.sort(-scores, axis=1)[:, :K]
    return best


def _least(last: Floats) -> Floats:
    """The least scores (q, 1) that tie with the k-th nearest."""
    slack = _SAME * np.maximum(1, np.abs(last))
    return (last - slack).astype(np.float32)[:, None]


def _error(shares: Floats) -> float:
    return float(shares.std() / np.sqrt(max(1, len(shares))))
