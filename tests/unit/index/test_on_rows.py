"""An index on the rows of a matrix answers alike whether faiss reads the rows in place or not."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from lookalike.index import building
from lookalike.index.engine import Effort
from lookalike.index.on_rows import OnRows
from lookalike.types import Floats, Halves, Keys, Metric

COUNT, DIM = 4000, 32
ALL = Effort(10_000, 40)


def rows(metric: Metric) -> Halves:
    drawn = np.random.default_rng(0).standard_normal((COUNT, DIM))
    if metric == "cosine":
        drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    drawn[7] = drawn[3]  # a tie
    return drawn.astype(np.float16)


def asked() -> Floats:
    queries = 3 * np.random.default_rng(1).standard_normal((40, DIM)).astype(np.float32)
    queries[0] = rows("ip")[3]
    return queries


def laid(name: str, metric: Metric, position: Keys) -> OnRows:
    """An index of the rows in the order of `position`."""
    matrix = rows(metric)
    ann = building.build(name, matrix, position, metric, lambda *_: None, lambda: False)
    return OnRows(ann, matrix, position)


def nearest(matrix: Halves, query: Floats, metric: Metric) -> tuple[Floats, Keys]:
    """The ten best by brute force, of equal ones the lower row."""
    wide, one = matrix.astype(np.float64), query.astype(np.float64)
    match metric:
        case "cosine":
            scores = wide @ one / np.linalg.norm(wide, axis=1) / np.linalg.norm(one)
        case "ip":
            scores = wide @ one
        case _:
            scores = -np.linalg.norm(wide - one, axis=1)
    best = np.argsort(-scores, kind="stable")[:10]
    return scores[best], best


@pytest.mark.parametrize("metric", ["cosine", "ip", "l2"])
@pytest.mark.parametrize("name", ["ivf", "ivfpq"])
@pytest.mark.parametrize("shuffled", [False, True])
def test_it_finds_what_brute_force_finds(name: str, metric: Metric, shuffled: bool) -> None:
    position = np.arange(COUNT)
    if shuffled:
        np.random.default_rng(2).shuffle(position)
    index = laid(name, metric, position)
    assert index.in_place
    scores, found = index.nearest(asked(), 10, metric, effort=ALL)
    for i, query in enumerate(asked()):
        best, known = nearest(rows(metric), query, metric)
        assert np.array_equal(found[i], known)
        np.testing.assert_allclose(scores[i], best, rtol=1e-6, atol=1e-6)


def test_rows_that_are_no_more_are_not_found_and_places_stay_empty() -> None:
    position = np.arange(COUNT)
    index = laid("ivf", "l2", position)
    _, all_found = index.nearest(asked(), 10, "l2", effort=ALL)
    kept = np.zeros(COUNT, np.bool_)
    kept[all_found[0, 5:]] = True
    scores, found = index.nearest(asked()[:1], 10, "l2", effort=ALL, allowed=kept)
    assert np.array_equal(found[0], [*all_found[0, 5:], -1, -1, -1, -1, -1])
    assert np.isneginf(scores[0, 5:]).all()
    _, few = index.nearest(asked()[:1], 10, "l2", most=5, effort=ALL, allowed=kept)
    assert np.array_equal(few[0], all_found[0, 5:])


def test_a_row_that_is_not_finite_is_never_found() -> None:
    matrix = rows("ip")
    known = laid("ivf", "ip", np.arange(COUNT))
    best = int(known.nearest(asked()[:1], 10, "ip", effort=ALL)[1][0, 0])
    matrix[best, 0] = np.nan
    scores, found = OnRows(known.ann, matrix, np.arange(COUNT)).nearest(
        asked()[:1], 10, "ip", effort=ALL
    )
    assert best not in found
    assert np.isfinite(scores).all()


def test_a_cosine_index_also_answers_for_the_metrics_that_rank_alike() -> None:
    index = laid("ivf", "cosine", np.arange(COUNT))
    scores, found = index.nearest(asked(), 10, "ip", effort=ALL)
    best, known = nearest(rows("cosine"), asked()[5], "ip")
    assert np.array_equal(found[5], known)
    np.testing.assert_allclose(scores[5], best, rtol=1e-6)


def test_what_is_allowed_may_lie_together_and_far_from_the_query() -> None:
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((100, DIM))
    wide = centres[rng.integers(100, size=8000)] + 0.7 * rng.standard_normal((8000, DIM))
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    matrix, everything = wide.astype(np.float16), np.arange(8000)
    ann = building.build("ivf", matrix, everything, "cosine", lambda *_: None, lambda: False)
    side = matrix[:, 0]
    allowed = side >= np.sort(side)[-800]
    queries = matrix[side < 0][:100].astype(np.float32)
    two_cells = Effort(2, 1)
    _, found = OnRows(ann, matrix, everything).nearest(
        queries, 10, "cosine", effort=two_cells, allowed=allowed
    )
    kept = np.flatnonzero(allowed)
    known = [kept[nearest(matrix[kept], query, "cosine")[1]] for query in queries]
    alike = [np.isin(*pair).mean() for pair in zip(found, known, strict=True)]
    assert np.mean(alike) > 0.97


def test_from_several_threads_with_several_wishes() -> None:
    index = laid("ivfpq", "cosine", np.arange(COUNT))
    wishes = [(wanted, i) for i in range(40) for wanted in (1, 10, 25)]

    def ask(wish: tuple[int, int]) -> Keys:
        wanted, i = wish
        return index.nearest(asked()[i : i + 1], wanted, "cosine", effort=Effort(8, 16))[1]

    alone = [ask(wish) for wish in wishes]
    with ThreadPoolExecutor(8) as pool:
        for one, other in zip(alone, pool.map(ask, wishes), strict=True):
            assert np.array_equal(one, other)


def test_one_query_starts_no_threads_that_would_wait_for_a_busy_machine() -> None:
    script = """
import os, faiss, numpy as np
from lookalike.index.rescore import rescore
faiss.omp_set_num_threads(4)
matrix = np.random.default_rng(0).standard_normal((200, 16)).astype(np.float16)
query = matrix[:1].astype(np.float32)
before = len(os.listdir('/proc/self/task'))
scores, rows = rescore(matrix, query, np.arange(200)[None], 5, 'cosine', zeros=False)
print(rows[0, 0], len(os.listdir('/proc/self/task')) - before, faiss.omp_get_max_threads())
"""
    if not Path("/proc/self/task").exists():
        pytest.skip("counts threads where Linux lists them")
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["0", "0", "4"]
