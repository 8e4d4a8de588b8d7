"""Exact search against a float64 brute force, for every kernel and metric."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lookalike.errors import UsageError
from lookalike.index import exact
from lookalike.index.exact import top_k
from lookalike.types import FLOAT_METRICS, Floats, Halves, Keys, Metric

KERNELS = {
    "numpy": (1 << 60, 0, 1),
    "lists": (0, 1 << 60, 1),
    "lists in parts": (0, 1 << 60, 3),
    "onnx": (0, 0, 1),
    "onnx in parts": (0, 0, 3),
}
"""The elements that are few, the queries that are few, and the cores."""


@pytest.fixture(params=KERNELS)
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    force(request.param, monkeypatch)
    return str(request.param)


def force(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    small, few, cores = KERNELS[kernel]
    monkeypatch.setattr(exact, "_SMALL", small)
    monkeypatch.setattr(exact, "_FEW_QUERIES", few)
    monkeypatch.setattr(exact, "cores", lambda: cores)


def brute_force(
    matrix: Halves, query: Floats, k: int, metric: Metric, skip: np.ndarray | None = None
) -> tuple[list[float], list[int]]:
    """One row at a time, sorted by Python: what the answer is by definition."""
    wide, q = matrix.astype(np.float64), query.astype(np.float64)
    scored = []
    for number, row in enumerate(wide):
        if skip is not None and skip[number]:
            continue
        match metric:
            case "cosine":
                score = (row * q).sum() / np.sqrt((row * row).sum()) / np.sqrt((q * q).sum())
            case "ip":
                score = (row * q).sum()
            case "l2":
                score = -np.sqrt(((row - q) ** 2).sum())
            case "l1":
                score = -np.abs(row - q).sum()
        scored.append((-score, number))
    scored.sort()
    return [-score for score, _ in scored[:k]], [number for _, number in scored[:k]]


def check_against_brute_force(
    matrix: Halves,
    queries: Floats,
    k: int,
    metric: Metric,
    *,
    skip: np.ndarray | None = None,
    unit: bool = False,
) -> None:
    scores, rows = top_k(matrix, queries, k, metric, skip=skip, unit=unit)
    assert scores.dtype == np.float32
    assert rows.dtype == np.int64
    for i, query in enumerate(queries):
        best_scores, best_rows = brute_force(matrix, query, k, metric, skip)
        assert rows[i].tolist() == best_rows
        np.testing.assert_allclose(scores[i], best_scores, rtol=3e-7, atol=3e-7)


def some_vectors(n: int, d: int, seed: int = 0, *, unit: bool = False) -> Halves:
    vectors = np.random.default_rng(seed).standard_normal((n, d))
    if unit:
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float16)


def some_queries(q: int, d: int, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).standard_normal((q, d)).astype(np.float32)


@pytest.mark.parametrize("metric", FLOAT_METRICS)
@pytest.mark.parametrize("queries", [1, 7])
def test_every_kernel_gives_the_brute_force_answer(
    kernel: str, metric: Metric, queries: int
) -> None:
    matrix = some_vectors(2500, 37)
    check_against_brute_force(matrix, some_queries(queries, 37), 10, metric)


def test_unit_rows(kernel: str) -> None:
    matrix = some_vectors(2500, 64, unit=True)
    check_against_brute_force(matrix, some_queries(5, 64), 12, "cosine", unit=True)


@pytest.mark.parametrize("metric", FLOAT_METRICS)
@pytest.mark.parametrize("left_out", [0.3, 0.995])
def test_skipped_rows_are_never_found(kernel: str, metric: Metric, left_out: float) -> None:
    matrix = some_vectors(3001, 16)
    skip = np.random.default_rng(2).random(3001) < left_out
    check_against_brute_force(matrix, some_queries(3, 16), 10, metric, skip=skip)


def test_rows_close_together_are_told_apart(kernel: str) -> None:
    """Rows that differ in one last bit of float16: a float32 scan alone would mix them up."""
    generator = np.random.default_rng(5)
    row = generator.standard_normal(512).astype(np.float16)
    matrix = np.repeat(row[None], 2000, axis=0)
    for i in range(2000):
        matrix[i, generator.integers(512)] *= np.float16(1 + 2**-10)
    query = row[None].astype(np.float32)
    check_against_brute_force(matrix, query, 50, "ip")
    check_against_brute_force(matrix, query, 50, "l2")


@pytest.mark.parametrize("metric", FLOAT_METRICS)
def test_of_equal_rows_the_lower_come_first(kernel: str, metric: Metric) -> None:
    matrix = some_vectors(3000, 24)
    twins = np.random.default_rng(3).permutation(3000)[:300]
    matrix[twins] = matrix[7]
    queries = np.concatenate([matrix[7:8].astype(np.float32), some_queries(2, 24)])
    check_against_brute_force(matrix, queries, 20, metric)


@given(
    matrix=arrays.arrays(np.float16, (40, 3), elements=st.integers(-2, 2)),
    query=arrays.arrays(np.float32, (2, 3), elements=st.integers(1, 3)),
    skip=arrays.arrays(np.bool_, 40),
    k=st.integers(1, 50),
    metric=st.sampled_from(["ip", "l2", "l1"]),
    kernel=st.sampled_from(sorted(KERNELS)),
)
@settings(max_examples=150, deadline=None)
def test_ties_and_masks_in_any_mixture(
    matrix: Halves, query: Floats, skip: np.ndarray, k: int, metric: Metric, kernel: str
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        force(kernel, patch)
        check_against_brute_force(matrix, query, k, metric, skip=skip)


def test_more_asked_for_than_there_is(kernel: str) -> None:
    matrix = some_vectors(30, 8)
    scores, rows = top_k(matrix, some_queries(2, 8), 100, "l2")
    assert scores.shape == rows.shape == (2, 30)
    assert sorted(rows[1].tolist()) == list(range(30))


def test_many_asked_for(kernel: str) -> None:
    check_against_brute_force(some_vectors(9000, 8), some_queries(2, 8), 6000, "ip")


def test_nothing_to_find(kernel: str) -> None:
    for matrix, skip in (
        (np.empty((0, 8), np.float16), None),
        (some_vectors(20, 8), np.ones(20, bool)),
    ):
        scores, rows = top_k(matrix, some_queries(3, 8), 5, "cosine", skip=skip)
        assert scores.shape == rows.shape == (3, 0)


def test_no_queries(kernel: str) -> None:
    scores, rows = top_k(some_vectors(20, 8), np.empty((0, 8), np.float32), 5, "ip")
    assert scores.shape == rows.shape == (0, 5)


def test_rows_that_are_not_finite_are_never_found(kernel: str) -> None:
    matrix = some_vectors(2000, 8)
    matrix[[0, 3, 1500]] = np.nan
    query = some_queries(1, 8)
    for metric in FLOAT_METRICS:
        _, rows = top_k(matrix, query, 1997, metric)
        assert set(range(2000)) - set(rows[0].tolist()) == {0, 3, 1500}


@pytest.mark.parametrize("metric", FLOAT_METRICS)
def test_matrices_that_lie_oddly_in_memory(kernel: str, metric: Metric, tmp_path: Path) -> None:
    vectors, query = some_vectors(1500, 16), some_queries(1, 16)
    path = tmp_path / "matrix.bin"
    path.write_bytes(b"x" * 131 + vectors.tobytes())
    odd = np.memmap(path, np.float16, "r", offset=131, shape=(1500, 16))
    shifted = np.memmap(path, np.float16, "r", offset=131 + 32, shape=(1499, 16))
    for matrix in (odd, shifted, vectors[::3], vectors[:, ::2], np.asfortranarray(vectors)):
        check_against_brute_force(matrix, query[:, : matrix.shape[1]], 9, metric)


def test_the_scores_do_not_depend_on_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix, queries = some_vectors(4000, 96, unit=True), some_queries(6, 96)
    answers: list[tuple[Floats, Keys]] = []
    for kernel in KERNELS:
        force(kernel, monkeypatch)
        answers.append(top_k(matrix, queries, 10, "cosine", unit=True))
    for scores, rows in answers[1:]:
        assert np.array_equal(scores, answers[0][0])
        assert np.array_equal(rows, answers[0][1])


def test_a_row_is_its_own_nearest_at_distance_zero(kernel: str) -> None:
    matrix = some_vectors(2000, 48, unit=True)
    scores, rows = top_k(matrix, matrix[[5]].astype(np.float32), 1, "cosine", unit=True)
    assert (scores.tolist(), rows.tolist()) == ([[1.0]], [[5]])
    scores, rows = top_k(matrix, matrix[[5]].astype(np.float32), 1, "l2")
    assert (scores.tolist(), rows.tolist()) == ([[0.0]], [[5]])


def test_no_second_copy_of_the_matrix(kernel: str, tmp_path: Path) -> None:
    path = tmp_path / "matrix.f16"
    numbers = np.random.default_rng(0).random((60_000, 256), np.float32) - 0.5
    path.write_bytes(numbers.astype(np.float16).tobytes())
    matrix = np.memmap(path, np.float16, "r", shape=(60_000, 256))
    skip = np.arange(60_000) % 7 == 0
    queries = some_queries(8, 256)
    top_k(matrix, queries[:1], 10, "ip")
    tracemalloc.start()
    top_k(matrix, queries, 10, "ip", skip=skip)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < matrix.nbytes / 8


@pytest.mark.parametrize(
    ("queries", "k", "metric", "word"),
    [
        (np.full((1, 8), np.nan, np.float32), 5, "cosine", "finite"),
        (np.full((1, 8), np.inf, np.float32), 5, "ip", "finite"),
        (np.zeros((1, 8), np.float32), 5, "cosine", "direction"),
        (np.ones((1, 9), np.float32), 5, "l2", "length 8"),
        (np.ones(8, np.float32), 5, "l2", r"\(q, d\)"),
        (np.ones((1, 8), np.float32), 0, "l2", "at least 1"),
        (np.ones((1, 8), np.float32), 5, "hamming", "hamming"),
    ],
)
def test_questions_that_have_no_answer(queries: Floats, k: int, metric: Metric, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        top_k(some_vectors(10, 8), queries, k, metric)
