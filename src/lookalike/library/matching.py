"""Calibrates `match`: against the library's own background, its labels, or its judgements."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import UsageError
from lookalike.evaluate.reliability import ReliabilityBin, calibration_error, reliability
from lookalike.evaluate.truth import MISSING, codes_of, dropped
from lookalike.index.pairwise import pairwise
from lookalike.search.isotonic import Doubles, rising_curve
from lookalike.search.match import (
    Background,
    Basis,
    Calibration,
    background,
    strangers_spread,
    surprise,
)
from lookalike.store.facts import Facts
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Keys, Metric, Stored

LANDMARKS = 1024
QUERIES = 2000
DEPTH = 10
LEAST_IMAGES = 20
LEAST_PAIRS = 50
SEED = 0
_NEVER_SURE = 0.002
"""Left at both ends of a curve, so that what is more surprising is surer even there."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A new calibration, and how it holds on queries that it was not fitted on."""

    calibration: Calibration
    reliability: Sequence[ReliabilityBin]


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Pairs whose truth is known: rows of queries, surprises, matches, weights: (p,) each."""

    queries: Keys
    surprises: Doubles
    matches: Doubles
    weights: Doubles


def calibrate(
    store: Store,
    space: Space,
    basis: Basis = "background",
    *,
    column: str = "label",
    drop: Collection[str] = (),
) -> Calibrated:
    """Fit and keep the curve of a space. Raises `UsageError` where there is too little."""
    version = store.data_version()
    matrix, keys = store.compact(space)
    if len(keys) < LEAST_IMAGES:
        raise UsageError(
            f"It takes at least {LEAST_IMAGES} images to tell a match from the nearest of "
            f"strangers; here there are {len(keys)}."
        )
    generator = np.random.default_rng(SEED)
    marks = np.sort(generator.permutation(len(keys))[:LANDMARKS])
    empty = Calibration(
        space.fingerprint,
        space.metric,
        basis,
        version,
        tuple(keys[marks].tolist()),
        (),
        (),
        0,
        None,
    )
    if basis == "background":
        curve, count = stranger_curve(matrix, marks, space.metric)
        done = Calibrated(replace(empty, surprises=curve[0], chances=curve[1], pairs=count), [])
    else:
        facts = store.facts([column if basis == "labels" else "id"]).only(keys)
        if basis == "labels":
            pairs = _labelled(matrix, marks, space, facts, column, drop)
        else:
            pairs = _judged(store, matrix, marks, space, facts)
        done = _fitted(empty, pairs)
    store.set_setting(_name(space), done.calibration.to_json())
    return done


def calibration_of(store: Store, space: Space) -> Calibration | None:
    """The calibration that is kept of a space as it is now, None where there is none."""
    text = store.setting(_name(space))
    if text is None:
        return None
    try:
        found = Calibration.from_json(text)
    except (ValueError, TypeError, LookupError):
        return None  # of another version of this package; it can be made again
    return found if found.fingerprint == space.fingerprint else None


def _name(space: Space) -> str:
    return f"match:{space.name}"


def stranger_curve(
    matrix: Stored, marks: Keys, metric: Metric
) -> tuple[tuple[tuple[float, ...], tuple[float, ...]], int]:
    """The curve of 1 less the share of strangers among pairs of each surprise, and their number.

    All pairs of landmarks stand for all pairs; strangers are spread as a normal whose middle
    and width are those of the lower half. (The local false discovery rate of Efron, 2004.)
    """
    vectors = matrix[marks]
    around = background(vectors, vectors, metric)
    scores = pairwise(vectors, vectors, metric)
    columns = Background(around.middles[:, None], around.spreads[:, None])
    found = surprise(scores, columns, around)
    found = np.sort(found[np.triu_indices(len(marks), 1)])
    middle, spread = strangers_spread(found)
    upper = found[found > middle]
    if len(upper) < LEAST_PAIRS:
        raise UsageError("The images are all alike: there are no strangers to tell a match from.")
    heights = np.quantile(upper, 1 - np.geomspace(1, 3 / len(upper), 60))
    edges = np.unique(np.append(middle, heights))  # two at least, were all heights the same
    seen = np.histogram(upper, edges)[0].astype(np.float64)
    expected = np.diff(_normal((edges - middle) / spread)) * len(found)
    held = seen > 0
    shares = 1 - np.minimum(expected[held] / seen[held], 1)
    places, chances = rising_curve((edges[:-1] + edges[1:])[held] / 2, shares, seen[held])
    far = 10 * spread
    places = np.concatenate([[middle - far], places, [places[-1] + far]])
    chances = np.concatenate([[0], chances.clip(_NEVER_SURE, 1 - _NEVER_SURE), [1]])
    return (tuple(places.tolist()), tuple(chances.tolist())), len(found)


def _normal(values: Doubles) -> Doubles:
    """The cumulative normal distribution."""
    from math import erf, sqrt

    return np.array([(1 + erf(value / sqrt(2))) / 2 for value in values])


def _labelled(
    matrix: Stored, marks: Keys, space: Space, facts: Facts, column: str, drop: Collection[str]
) -> _Pairs:
    """The nearest of labelled images among them, and whether they agree."""
    left_out = dropped(drop, [facts.values[column]])
    values = [None if str(v).strip() in left_out else v for v in facts.values[column]]
    codes, _ = codes_of(values)
    known = np.flatnonzero(codes != MISSING)
    if len(known) < LEAST_IMAGES:
        raise UsageError(
            f"It takes at least {LEAST_IMAGES} images with a value in {column}; here there are "
            f"{len(known)}."
        )
    generator = np.random.default_rng(SEED)
    queries = np.sort(generator.permutation(known)[:QUERIES])
    around = background(matrix[known], matrix[marks], space.metric)
    depth = min(DEPTH, len(known) - 1)
    parts = []
    for start in range(0, len(queries), 256):
        some = queries[start : start + 256]
        scores = pairwise(matrix[some], matrix[known], space.metric)
        scores[facts.contents[some][:, None] == facts.contents[known][None]] = -np.inf
        top = np.argsort(-scores, axis=1, kind="stable")[:, :depth]
        near = np.take_along_axis(scores, top, axis=1)
        left = around[np.searchsorted(known, some)]
        columns = Background(left.middles[:, None], left.spreads[:, None])
        found = surprise(near, columns, around[top])
        matches = codes[known[top]] == codes[some][:, None]
        there = np.isfinite(near)
        rows = np.broadcast_to(some[:, None], top.shape)
        parts.append((rows[there], found[there], matches[there]))
    rows, found, matches = (np.concatenate(column) for column in zip(*parts, strict=True))
    return _Pairs(rows, found, matches.astype(np.float64), np.ones(len(rows)))


def _judged(store: Store, matrix: Stored, marks: Keys, space: Space, facts: Facts) -> _Pairs:
    """Pairs with a verdict; where some were drawn with known chances, only those, so weighted."""
    row_of = {id_: row for row, id_ in enumerate(facts.ids)}
    chances = store.draw_chances()
    verdicts = [
        (
            row_of[one.query],
            row_of[one.image],
            float(one.verdict >= 1),
            chances.get((one.query, one.image)),
        )
        for one in store.judgements()
        if one.query in row_of and one.image in row_of
    ]
    drawn = [one for one in verdicts if one[3] is not None]
    chosen = drawn if len(drawn) >= LEAST_PAIRS else verdicts
    if len(chosen) < LEAST_PAIRS:
        raise UsageError(
            f"{len(chosen)} judgements are too few: it takes at least {LEAST_PAIRS}. "
            "Give some with: lookalike judge"
        )
    left, right, matches, drawn_at = (np.array(column) for column in zip(*chosen, strict=True))
    weights = 1 / drawn_at.astype(np.float64) if chosen is drawn else np.ones(len(chosen))
    marks_ = matrix[marks]
    around = [background(matrix[rows], marks_, space.metric) for rows in (left, right)]
    scores = np.array(
        [
            pairwise(matrix[one : one + 1], matrix[other : other + 1], space.metric)[0, 0]
            for one, other in zip(left.tolist(), right.tolist(), strict=True)
        ]
    )
    return _Pairs(left, surprise(scores, *around), matches, weights)


def _fitted(empty: Calibration, pairs: _Pairs) -> Calibrated:
    """The curve through all pairs, and how the curve through half the queries holds on the rest."""
    half = (pairs.queries * 2654435761 >> 9) % 2 == 0
    chances, errors = np.empty(len(half)), []
    for fit, test in ((half, ~half), (~half, half)):
        if fit.any() and test.any():
            chances[test] = np.interp(pairs.surprises[test], *_curve(pairs, fit))
            held = reliability(chances[test], pairs.matches[test], pairs.weights[test])
            errors.append(calibration_error(held))
    if not errors:
        raise UsageError("All pairs are of one query: nothing could be held against the curve.")
    bins = reliability(chances, pairs.matches, pairs.weights)
    surprises, values = _curve(pairs, np.ones(len(half), dtype=bool))
    calibration = replace(
        empty,
        surprises=tuple(surprises.tolist()),
        chances=tuple(values.tolist()),
        pairs=len(half),
        error=float(np.mean(errors)),
    )
    return Calibrated(calibration, bins)


def _curve(pairs: _Pairs, some: NDArray[np.bool_]) -> tuple[Doubles, Doubles]:
    return rising_curve(pairs.surprises[some], pairs.matches[some], pairs.weights[some])
