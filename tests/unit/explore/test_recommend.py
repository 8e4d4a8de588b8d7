"""Recommendations for blocks of users, held to plain loops over each of them."""

from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest

from lookalike.explore.recommend import Block, Mix, Shelf, recommend
from lookalike.explore.recommend_centres import centres
from lookalike.explore.tastes import CLUSTERED, MOST, alike, tastes_of
from lookalike.index.pairwise import paired, pairwise
from lookalike.search.combine import combine

CHANCE = np.random.default_rng(0)


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def shelf(count=300, dim=12, metric="cosine", **options):
    matrix = CHANCE.standard_normal((count, dim))
    matrix = (unit(matrix) if metric == "cosine" else 3 * matrix).astype(np.float16)
    return Shelf(matrix, np.ones(count, bool), metric, metric == "cosine", 0.5, **options)


def block_of(vectors, owners, weights, hidden=()):
    pairs = sorted(hidden)
    return Block(
        np.asarray(vectors, np.float32),
        np.asarray(owners, np.int64),
        np.asarray(weights, np.float64),
        np.array([row for row, _ in pairs], np.int64),
        np.array([user for _, user in pairs], np.int64),
    )


def linked(rows, number, threshold):
    """Average linkage, the slow way: groups of row numbers."""
    groups = [[row] for row in range(len(rows))]
    while len(groups) > 1:
        similar, one, two = max(
            (float((rows[a] @ rows[b].T).mean()), x, y)
            for (x, a), (y, b) in combinations(enumerate(groups), 2)
        )
        stop = len(groups) <= number if number else similar < threshold and len(groups) <= MOST
        if stop:
            break
        groups[one] += groups.pop(two)
    return {frozenset(group) for group in groups}


@pytest.mark.parametrize(("number", "threshold"), [(None, 0.2), (None, 0.9), (3, 0.0), (5, 0.0)])
def test_tastes_are_those_of_average_linkage_user_by_user(number, threshold):
    counts = [1, 2, 7, 20, 33]
    owners = np.repeat(np.arange(len(counts)), counts)
    rows = unit(CHANCE.standard_normal((len(owners), 6)))
    codes = tastes_of(rows, owners, number, threshold)
    for user in range(len(counts)):
        mine, own = rows[owners == user], codes[owners == user]
        found = {frozenset(np.flatnonzero(own == code).tolist()) for code in np.unique(own)}
        assert found == linked(mine, number, threshold)
        sizes = np.bincount(own)
        assert (np.diff(sizes) <= 0).all(), "the largest comes first"
        assert sizes.min() >= 1, "no number is left out"


def test_a_long_history_has_the_tastes_of_its_newest_items_and_the_others_join_them():
    places = np.eye(3)[np.arange(3 * CLUSTERED) % 3]
    rows = unit(places + 0.01 * CHANCE.standard_normal(places.shape))
    codes = tastes_of(rows, np.zeros(len(rows), np.int64), None, 0.5)
    assert len(np.unique(codes)) == 3
    for code in range(3):
        assert len(np.unique(np.flatnonzero(codes == code) % 3)) == 1


def test_a_threshold_of_nothing_and_of_equal_vectors():
    assert alike(np.zeros((2, 4), np.float16)) == -1
    assert alike(np.ones((9, 4), np.float16)) == pytest.approx(1)
    assert len(tastes_of(np.empty((0, 4), np.float32), np.empty(0, np.int64), None, 0.5)) == 0


@pytest.mark.parametrize("metric", ["cosine", "l2", "l1", "ip"])
def test_one_centre_is_the_question_that_search_combines(metric):
    liked, disliked = CHANCE.standard_normal((4, 8)), CHANCE.standard_normal((3, 8))
    if metric == "cosine":
        liked, disliked = unit(liked), unit(disliked)
    vectors = np.concatenate([liked, disliked]).astype(np.float32)
    tastes = np.array([0] * 4 + [-1] * 3)
    weights = np.where(tastes < 0, -1.0, 1.0)
    found = centres(vectors, unit(vectors), np.zeros(7, np.int64), weights, tastes, metric)
    space = SimpleNamespace(metric=metric, of_bits=False, name="made", dim=8)
    wanted = combine([(v, 1.0) for v in vectors[:4]], [(v, 1.0) for v in vectors[4:]], space)
    assert found.queries == pytest.approx(wanted[None], rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("metric", ["cosine", "l2"])
def test_a_block_of_users_gets_what_each_would_get_alone_by_a_plain_scan(metric):
    on = shelf(metric=metric, bonus=CHANCE.random(300).astype(np.float32) / 10)
    on.open[::7] = False
    owners = np.repeat([0, 1, 2], [4, 1, 6])
    items = CHANCE.integers(0, 300, len(owners))
    vectors = on.matrix[items].astype(np.float32)
    weights = np.array([1, 0.5, 2, -1, 1, 1, 1, 1, -1, -1, 1.0])
    hidden = [*zip(items.tolist(), owners.tolist(), strict=True), (5, 1), (6, 1)]
    picks = recommend(on, block_of(vectors, owners, weights, hidden), Mix(10, 1))
    for user in range(3):
        mine = owners == user
        likes, dislikes = mine & (weights > 0), mine & (weights < 0)
        query = 0.75 * np.average(unit(vectors[likes]), axis=0, weights=weights[likes])
        if dislikes.any():
            query -= 0.15 * np.average(unit(vectors[dislikes]), axis=0, weights=-weights[dislikes])
        query /= np.linalg.norm(query)
        rows = on.matrix.astype(np.float64)
        if metric == "cosine":
            scores = unit(rows) @ query
        else:
            lengths = np.linalg.norm(vectors[likes], axis=1)
            query *= np.average(lengths, weights=weights[likes])
            scores = 1 / (1 + np.linalg.norm(rows - query, axis=1))
        scores = scores + on.bonus
        scores[~on.open] = -np.inf
        scores[[row for row, who in hidden if who == user]] = -np.inf
        best = np.argsort(-scores)[:10]
        got = picks.users == user
        assert picks.rows[got].tolist() == best.tolist()
        assert picks.scores[got] == pytest.approx(scores[best], abs=1e-3)
        for row, because, similarity in zip(
            picks.rows[got], picks.because[got], picks.similarities[got], strict=True
        ):
            near = pairwise(vectors[likes], on.matrix[[row]], metric)[:, 0]
            assert because == np.flatnonzero(likes)[near.argmax()]
            shown = near.max() if metric == "cosine" else 1 / (1 - near.max())
            assert similarity == pytest.approx(shown, abs=1e-3)


def test_two_tastes_share_the_answers_by_their_weight_and_nothing_comes_twice():
    first, second = np.eye(8)[0], np.eye(8)[1]
    spread = 0.1 * CHANCE.standard_normal((60, 8))
    matrix = unit(np.repeat([first, second], 30, axis=0) + spread).astype(np.float16)
    on = Shelf(matrix, np.ones(60, bool), "cosine", True, 0.5)
    block = block_of([first] * 3 + [second], [0] * 4, [1.0] * 4)
    picks = recommend(on, block, Mix(8))
    assert picks.tastes.tolist() == [0, 0, 0, 1]
    # 3 to 1 by the divisors 1, 3, 5: 3, 1 (tie: the larger first), 0.6; 1 -> 6 and 2 of 8
    assert np.bincount(picks.taste).tolist() == [6, 2]
    assert ((picks.rows < 30) == (picks.taste == 0)).all()
    assert len(set(picks.rows.tolist())) == 8
    alone = recommend(on, block_of([first, first + 1e-3 * second], [0, 0], [1, 1]), Mix(60, 2))
    assert sorted(alone.rows.tolist()) == list(range(60)), "found by both, counted once"


def test_users_of_whom_nothing_can_be_asked_and_users_who_saw_everything():
    on = shelf(20, 4)
    vector = on.matrix[0].astype(np.float32)
    everything = [(row, 1) for row in range(20)]
    block = block_of([vector, -vector, vector, -vector], [0, 0, 1, 2], [1, 1, 1, -1], everything)
    picks = recommend(on, block, Mix(5, 1))
    assert set(picks.users.tolist()) == {2}, "0 cancels out, 1 saw all, 2 only dislikes"
    assert (picks.because == -1).all()
    assert np.isnan(picks.similarities).all()
    assert picks.rows[0] == 0
    empty = block_of(np.empty((0, 4)), [], [])
    assert len(recommend(on, empty, Mix(5)).rows) == 0
    none = Shelf(on.matrix[:0], on.open[:0], "cosine", True, 0.5)
    assert len(recommend(none, block_of([vector], [0], [1]), Mix(5)).rows) == 0


def test_diversity_keeps_the_best_and_spreads_the_rest():
    on = shelf(400, 6)
    block = block_of(on.matrix[:1].astype(np.float32), [0], [1.0])
    plain, diverse = (recommend(on, block, Mix(10, 1, much)) for much in (0.0, 0.6))
    assert plain.rows[0] == diverse.rows[0]

    def inner(picks):
        rows = on.matrix[picks.rows]
        return float(np.triu(pairwise(rows, rows, "cosine"), 1).sum())

    assert inner(diverse) < inner(plain)


@pytest.mark.parametrize("metric", ["cosine", "ip", "l1", "l2"])
def test_scores_of_rows_side_by_side_are_the_diagonal_of_all_pairs(metric):
    one, other = CHANCE.standard_normal((2, 9, 5)).astype(np.float16)
    assert paired(one, other, metric) == pytest.approx(
        np.diag(pairwise(one, other, metric)), abs=2e-3
    )
