"""Recommendations for a block of users at once: their tastes searched together, then mixed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lookalike.explore.recommend_centres import Centres, Doubles, centres
from lookalike.explore.tastes import tastes_of
from lookalike.index.blocks import BLOCK_ROWS, Best, Mask, numpy_ranker, onnx_ranker
from lookalike.index.pairwise import paired
from lookalike.index.scores import similarity
from lookalike.reduce.unit import unit_length
from lookalike.search.diversity import POOL, diversified, similarities_between
from lookalike.types import Floats, Halves, Keys, Metric

_SMALL = 8_000_000
_NOTHING = 1e-6
_REASONS_AT_ONCE = 8192


@dataclass(frozen=True, slots=True)
class Shelf:
    """What can be recommended: rows (n, d) of a space's matrix, those that are `open` (n,).

    `bonus` (n,) is added to the scores, None for nothing. `alike` is the cosine above which
    two groups of liked items are one taste (`tastes.alike`).
    """

    matrix: Halves
    open: Mask
    metric: Metric
    unit: bool
    alike: float
    bonus: Floats | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Some users, numbered from 0: `vectors` (r, d) of what they liked and disliked.

    `owners` (r,) rise, and the newest item of each comes last; `weights` (r,) are below 0 for
    what is disliked. Rows `hidden` (h,) of the shelf, rising, are no answers to the users
    `hidden_from` (h,).
    """

    vectors: Floats
    owners: Keys
    weights: Doubles
    hidden: Keys
    hidden_from: Keys


@dataclass(frozen=True, slots=True)
class Mix:
    """How many are recommended, from how many tastes (None: as many as there are), how unlike."""

    k: int
    tastes: int | None = None
    diversity: float = 0.0


@dataclass(frozen=True, slots=True)
class Picks:
    """What is recommended, user by user, best first; all but the last are (p,).

    `rows` of the shelf, `scores`, the taste each is for, counted from 0 for each user, and
    the item of the block it is most like (`because`), with their `similarities`; -1 where
    nothing is liked. `tastes` (r,) is the taste of each item of the block, -1 if disliked.
    """

    users: Keys
    rows: Keys
    scores: Floats
    taste: Keys
    because: Keys
    similarities: Floats
    tastes: Keys


def recommend(shelf: Shelf, block: Block, mix: Mix) -> Picks:
    """At most `mix.k` rows for each user; users of whom nothing is left to ask get none.

    Each taste is a query as `search.combine` makes it, of the weighted means of its items and
    of all that the user dislikes. The matrix is read once for all of them. The answers of a
    user's tastes are mixed in proportion to their weight by the divisors 1, 3, 5, ...
    (Sainte-Laguë), what several of them found counting once.
    """
    unit = unit_length(block.vectors)
    tastes = np.full(len(block.owners), -1, dtype=np.int64)
    liked = np.flatnonzero(block.weights > 0)
    tastes[liked] = tastes_of(unit[liked], block.owners[liked], mix.tastes, shelf.alike)
    found = centres(block.vectors, unit, block.owners, block.weights, tastes, shelf.metric)
    depth = max(mix.k, POOL if mix.diversity else 0)
    scores, rows = _nearest(shelf, block, found, depth)
    if mix.diversity:
        scores, rows = _diverse(shelf, scores, rows, mix)
    users, rows, scores, numbers = _mixed(found, rows[:, : mix.k], scores[:, : mix.k], mix.k)
    because, similarities = _reasons(shelf, block, tastes, users, rows, numbers)
    return Picks(users, rows, scores, numbers, because, similarities, tastes)


def _nearest(shelf: Shelf, block: Block, asked: Centres, depth: int) -> tuple[Floats, Keys]:
    """Scores and rows (t, depth) of the best for each taste; -1 where there are fewer."""
    best = Best(len(asked.users), min(depth, len(shelf.matrix)))
    make = numpy_ranker if shelf.matrix.size < _SMALL else onnx_ranker
    rank = make(shelf.metric, unit=shelf.unit)
    firsts = np.searchsorted(asked.users, block.hidden_from, "left")
    lasts = np.searchsorted(asked.users, block.hidden_from, "right")
    which = np.repeat(np.arange(len(block.hidden)), lasts - firsts)
    within = np.arange(len(which)) - np.repeat(
        np.cumsum(lasts - firsts) - (lasts - firsts), lasts - firsts
    )
    hidden, askers = block.hidden[which], firsts[which] + within
    for start in range(0, len(shelf.matrix) if len(asked.users) else 0, BLOCK_ROWS):
        rows = np.ascontiguousarray(shelf.matrix[start : start + BLOCK_ROWS])
        numbers = np.arange(start, start + len(rows))
        scores = rank(rows, asked.queries)
        if shelf.metric == "l2":  # still squared
            scores = -np.sqrt((-scores).clip(0))
        scores = similarity(scores, shelf.metric)
        if shelf.bonus is not None:
            scores = scores + shelf.bonus[numbers, None]
        scores[~shelf.open[numbers]] = -np.inf
        low, high = np.searchsorted(hidden, (start, start + len(rows)))
        scores[hidden[low:high] - start, askers[low:high]] = -np.inf
        best.offer(numbers, np.fmax(scores, np.float32(-np.inf)))
    best.settle()
    return best.scores, np.where(np.isfinite(best.scores), best.rows, -1)


def _diverse(shelf: Shelf, scores: Floats, rows: Keys, mix: Mix) -> tuple[Floats, Keys]:
    """The best of each taste in an order in which each is unlike those before it."""
    scores, rows = scores.copy(), rows.copy()
    for place, found in enumerate(rows):
        there = found[found >= 0]
        if len(there) < 2:
            continue
        near = scores[place, : len(there)].copy()
        between = similarities_between(shelf.matrix[there], shelf.metric)
        order = diversified(near, between, mix.diversity)
        rows[place, : len(there)], scores[place, : len(there)] = there[order], near[order]
    return scores, rows


def _mixed(asked: Centres, rows: Keys, scores: Floats, k: int) -> tuple[Keys, Keys, Floats, Keys]:
    """Users, rows, scores and tastes of the answers, each row once a user, in their order."""
    taste, place = np.nonzero(rows >= 0)
    users = asked.users[taste]
    turns = (2 * place + 1) / np.maximum(asked.shares[taste], _NOTHING)
    order = np.lexsort((taste, turns, users))
    taste, place, users = taste[order], place[order], users[order]
    found = rows[taste, place]
    _, first = np.unique(users * (int(rows.max(initial=0)) + 1) + found, return_index=True)
    first = np.sort(first)
    taste, place, users, found = taste[first], place[first], users[first], found[first]
    kept = np.arange(len(users)) - np.searchsorted(users, users) < k
    taste, place = taste[kept], place[kept]
    return users[kept], found[kept], scores[taste, place], asked.numbers[taste]


def _reasons(
    shelf: Shelf, block: Block, tastes: Keys, users: Keys, rows: Keys, numbers: Keys
) -> tuple[Keys, Floats]:
    """The liked item of the same taste that each answer is most like, and how much."""
    high = int(tastes.max(initial=0)) + 1
    items = np.flatnonzero(tastes >= 0)
    named = block.owners[items] * high + tastes[items]
    order = np.argsort(named, kind="stable")
    items, named = items[order], named[order]
    firsts = np.searchsorted(named, users * high + numbers, "left")
    counts = np.searchsorted(named, users * high + numbers, "right") - firsts
    because = np.full(len(users), -1, dtype=np.int64)
    scores = np.full(len(users), -np.inf, dtype=np.float32)
    for start in range(0, len(users), _REASONS_AT_ONCE):
        some = slice(start, start + _REASONS_AT_ONCE)
        for offset in range(int(counts[some].max(initial=0))):
            place = start + np.flatnonzero(counts[some] > offset)
            item = items[firsts[place] + offset]
            found = paired(shelf.matrix[rows[place]], block.vectors[item], shelf.metric)
            better = found > scores[place]
            scores[place[better]], because[place[better]] = found[better], item[better]
    similarities = np.where(because < 0, np.nan, similarity(scores, shelf.metric))
    return because, similarities.astype(np.float32)
