"""What scores mean, on values that can be checked by hand."""

from __future__ import annotations

import numpy as np

from lookalike.index.exact import top_k
from lookalike.index.pairwise import pairwise
from lookalike.index.scores import distance, merge, similarity
from lookalike.types import Metric

# The rows (3, 4) and (6, 8) seen from (3, 0).
ROWS = np.array([[3, 4], [6, 8]], np.float16)
QUERY = np.array([[3, 0]], np.float32)


def seen(metric: Metric) -> tuple[list[int], list[float], list[float]]:
    scores, rows = top_k(ROWS, QUERY, 2, metric)
    return (
        rows[0].tolist(),
        similarity(scores, metric)[0].tolist(),
        distance(scores, metric)[0].tolist(),
    )


def test_cosine() -> None:
    rows, similarities, distances = seen("cosine")
    assert rows == [0, 1]
    np.testing.assert_allclose(similarities, [0.6, 0.6], rtol=1e-6)
    np.testing.assert_allclose(distances, [0.4, 0.4], rtol=1e-6)


def test_inner_product() -> None:
    assert seen("ip") == ([1, 0], [18.0, 9.0], [-18.0, -9.0])


def test_l2() -> None:
    rows, similarities, distances = seen("l2")
    assert rows == [0, 1]
    np.testing.assert_allclose(distances, [4, 73**0.5], rtol=1e-6)
    np.testing.assert_allclose(similarities, [1 / 5, 1 / (1 + 73**0.5)], rtol=1e-6)


def test_l1() -> None:
    rows, similarities, distances = seen("l1")
    assert (rows, distances) == ([0, 1], [4.0, 11.0])
    np.testing.assert_allclose(similarities, [1 / 5, 1 / 12], rtol=1e-6)


def test_no_distance_is_plain_zero() -> None:
    scores, _ = top_k(ROWS, ROWS[:1].astype(np.float32), 1, "l1")
    assert str(distance(scores, "l1")[0, 0]) == "0.0"
    assert similarity(scores, "l1")[0, 0] == 1


def test_merge_keeps_the_best_and_prefers_lower_keys() -> None:
    one = (np.array([[9, 5, 1]], np.float32), np.array([[30, 20, 10]]))
    other = (np.array([[9, 4]], np.float32), np.array([[7, 40]]))
    scores, keys = merge([one, other], 3)
    assert scores.tolist() == [[9, 9, 5]]
    assert keys.tolist() == [[7, 30, 20]]
    scores, keys = merge([one, other], 99)
    assert keys.tolist() == [[7, 30, 20, 40, 10]]


def test_a_query_of_no_length_is_like_nothing():
    rows = np.eye(4, dtype=np.float16)
    assert pairwise(np.zeros((2, 4), np.float32), rows, "cosine").tolist() == [[0] * 4] * 2
