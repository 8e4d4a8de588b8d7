"""Metrics against loops over the definitions, and against ties, misses and short answers."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest

from lookalike.errors import UnknownNameError, UsageError
from lookalike.evaluate.measure import Measured, measure
from lookalike.evaluate.metrics import Ranked, knn_votes, metric_name, per_query
from lookalike.evaluate.ranking import ordered
from lookalike.evaluate.split import Split
from lookalike.evaluate.truth import MISSING, Agreement, Judged


class Given:
    """Scores that are given, with -inf where a query may not find."""

    def __init__(self, scores: np.ndarray) -> None:
        self._scores = scores

    def scores(self, queries: np.ndarray) -> np.ndarray:
        return self._scores[queries].copy()


def by_hand(scores: list[float], gains: list[float], k: int, threshold: float) -> dict[str, float]:
    """One query, as the definitions are written; scores of -inf are not in the gallery."""
    there = [i for i in range(len(scores)) if scores[i] != -np.inf]
    order = sorted(there, key=lambda i: (-scores[i], i))
    right = [gains[i] >= threshold for i in order]
    total = sum(right)
    average = [sum(right[: r + 1]) / (r + 1) for r in range(len(right)) if right[r]]
    at_r = [sum(right[: r + 1]) / (r + 1) for r in range(min(total, len(right))) if right[r]]
    dcg = sum(gains[i] / log2(r + 2) for r, i in enumerate(order[:k]))
    best = sorted((gains[i] for i in there), reverse=True)[:k]
    ideal = sum(gain / log2(r + 2) for r, gain in enumerate(best))
    return {
        f"precision@{k}": sum(right[:k]) / k,
        f"recall@{k}": sum(right[:k]) / total if total else 0.0,
        f"hit@{k}": float(any(right[:k])),
        "map": sum(average) / total if total else 0.0,
        "map@r": sum(at_r) / total if total else 0.0,
        "mrr": 1 / (right.index(True) + 1) if total else 0.0,
        f"ndcg@{k}": dcg / ideal if ideal else 0.0,
        "r-precision": sum(right[:total]) / total if total else 0.0,
    }


def measured(scores: np.ndarray, verdicts: dict[int, dict[int, float]], k: int) -> Measured:
    n = len(scores)
    rows = np.arange(n)
    split = Split(np.array(sorted(verdicts)), rows, rows, np.full(n, MISSING))
    scores = scores.astype(np.float32).copy()
    np.fill_diagonal(scores, -np.inf)
    return measure(Given(scores), split, Judged(verdicts, n), k)


@pytest.mark.parametrize("seed", range(12))
def test_every_metric_is_that_of_its_definition(seed: int) -> None:
    generator = np.random.default_rng(seed)
    n, k = int(generator.integers(2, 40)), int(generator.integers(1, 15))
    scores = generator.integers(0, 6, size=(n, n)) / 4  # many ties
    verdicts = {
        int(query): {
            int(row): float(generator.integers(-1, 4))
            for row in generator.permutation(n)[: generator.integers(0, n)]
        }
        for query in generator.permutation(n)[: generator.integers(1, n + 1)]
    }
    found = measured(scores, verdicts, k)
    for place, query in enumerate(found.queries):
        mine = scores[query].astype(float)
        mine[query] = -np.inf
        gains = [max(verdicts[int(query)].get(row, 0.0), 0.0) for row in range(n)]
        for name, value in by_hand(list(mine), gains, k, 1.0).items():
            assert found.values[name][place] == pytest.approx(value, abs=1e-9), (name, query)


def test_of_equal_scores_the_lower_row_comes_first() -> None:
    scores = np.array([[0.5, -0.0, 0.5, 0.0, -np.inf, 1.0, -3.0]], dtype=np.float32)
    assert ordered(scores).tolist() == [[5, 0, 2, 1, 3, 6, 4]]


def test_order_is_that_of_a_stable_sort() -> None:
    scores = np.random.default_rng(0).normal(size=(5, 3000)).astype(np.float32).round(1)
    assert (ordered(scores) == np.argsort(-scores, axis=1, kind="stable")).all()


def test_a_query_without_a_match_counts_as_nothing_found() -> None:
    codes = np.array([[0], [0], [1], [MISSING]])
    rows = np.arange(4)
    truth = Agreement(codes)
    split = Split(truth.known, truth.known, rows, np.full(4, MISSING))
    scores = np.full((4, 3), 0.5, np.float32)
    scores[rows[:3], rows[:3]] = -np.inf
    found = measure(Given(scores), split, truth, 2, classes=codes[:, 0])
    assert found.relevant.tolist() == [1, 1, 0]
    for name, values in found.values.items():
        assert values[2] == 0, name
        assert np.isfinite(values).all()


def test_fewer_than_k_in_the_gallery_leaves_places_empty() -> None:
    found = measured(np.ones((3, 3)), {0: {1: 1.0, 2: 0.0}}, 10)
    assert found.top.tolist() == [[1, 2, *[MISSING] * (found.top.shape[1] - 2)]]
    assert found.values["precision@10"].tolist() == [0.1]
    assert found.values["recall@10"].tolist() == [1.0]


def test_graded_agreement_gains_by_the_columns_that_agree() -> None:
    codes = np.array([[0, 0], [0, 1], [0, 0], [1, 1], [0, MISSING]])
    truth = Agreement(codes, graded=True)
    assert truth.gains(np.array([0]), np.arange(5)).tolist() == [[2, 1, 2, 0, 1]]
    assert truth.threshold == 2
    assert Agreement(codes).gains(np.array([0]), np.arange(5)).tolist() == [[1, 0, 1, 0, 0]]
    assert Agreement(codes).known.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("classes", "vote"),
    [
        ([3, 1, 1, 3], 3),  # as many votes: the nearest wins
        ([2, 1, 1, 3], 1),
        ([MISSING, MISSING, 4], 4),
        ([MISSING, MISSING, MISSING], MISSING),
    ],
)
def test_votes(classes: list[int], vote: int) -> None:
    assert knn_votes(np.array([classes])).tolist() == [vote]


def test_no_neighbours_no_votes() -> None:
    assert knn_votes(np.empty((2, 0), np.int64)).tolist() == [MISSING, MISSING]


def test_perfect_and_reversed_rankings() -> None:
    matches = np.array([[True, True, False, False], [False, False, True, True]])
    gains = matches.astype(np.float32)
    values = per_query(Ranked(gains[:, :2], matches, np.array([2, 2]), np.ones((2, 2))), 2)
    assert {name: value[0] for name, value in values.items()} == dict.fromkeys(values, 1.0)
    assert values["map"][1] == pytest.approx((1 / 3 + 2 / 4) / 2)
    assert values["map@r"][1] == 0


def test_names() -> None:
    assert metric_name("precision", 10) == metric_name("Precision@10", 10) == "precision@10"
    assert metric_name("map@r", 5) == "map@r"
    with pytest.raises(UnknownNameError):
        metric_name("accuracy@10", 10)
    with pytest.raises(UsageError, match="-k 5"):
        metric_name("ndcg@5", 10)
