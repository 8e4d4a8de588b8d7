"""Search over packed bits against Python's own `int.bit_count`, for both kernels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.errors import UsageError
from lookalike.index import hamming
from lookalike.index.hamming import top_k
from lookalike.index.scores import distance, similarity
from lookalike.types import Bits

KERNELS = {"numpy": 1 << 60, "faiss": 0}


@pytest.fixture(params=KERNELS)
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(hamming, "_SMALL", KERNELS[request.param])
    monkeypatch.setattr(hamming, "_FEW_QUERIES", 0)
    return str(request.param)


def brute_force(
    matrix: Bits, query: Bits, k: int, skip: np.ndarray | None = None
) -> list[tuple[int, int]]:
    """(differing bits, row) by definition: whole rows as Python's whole numbers."""
    asked = int.from_bytes(query.tobytes(), "big")
    found = [
        ((int.from_bytes(row.tobytes(), "big") ^ asked).bit_count(), number)
        for number, row in enumerate(matrix)
        if skip is None or not skip[number]
    ]
    return sorted(found)[:k]


def check(matrix: Bits, queries: Bits, k: int, skip: np.ndarray | None = None) -> None:
    scores, rows = top_k(matrix, queries, k, skip=skip)
    assert scores.dtype == np.float32
    assert rows.dtype == np.int64
    for i, query in enumerate(queries):
        found = list(zip((-scores[i]).astype(int).tolist(), rows[i].tolist(), strict=True))
        assert found == brute_force(matrix, query, k, skip)


def some_bits(n: int, size: int, seed: int = 0) -> Bits:
    return np.random.default_rng(seed).integers(0, 256, (n, size), dtype=np.uint8)


@pytest.mark.parametrize("size", [1, 3, 8, 20, 63, 64, 65, 3063])
def test_any_number_of_bytes(kernel: str, size: int) -> None:
    n = 60 if size > 1000 else 700
    check(some_bits(n, size), some_bits(5, size, 1), 9)


def test_blocks_are_merged(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hamming, "_BLOCK_BYTES", 8 * 37)
    monkeypatch.setattr(hamming, "_FAISS_BLOCK_BYTES", 8 * 37)
    monkeypatch.setattr(hamming, "_QUERIES_AT_ONCE", 3)
    check(some_bits(1000, 8), some_bits(8, 8, 1), 50)


@pytest.mark.parametrize("k", [1, 10, 399, 400, 1000])
def test_of_equally_far_rows_the_lower_come_first(kernel: str, k: int) -> None:
    matrix = np.random.default_rng(2).integers(0, 4, (400, 2), dtype=np.uint8)
    check(matrix, matrix[:4], k)


@pytest.mark.parametrize("share", [0.01, 0.5, 1.0])
def test_skipped_rows_are_never_found(kernel: str, share: float) -> None:
    skip = np.random.default_rng(3).random(500) < share
    matrix, queries = some_bits(500, 9), some_bits(4, 9, 1)
    check(matrix, queries, 20, skip)
    assert top_k(matrix, queries, 999, skip=skip)[1].shape == (4, int((~skip).sum()))


@settings(max_examples=60)
@given(st.data())
def test_any_small_case(data: st.DataObject) -> None:
    size, n = data.draw(st.integers(1, 17)), data.draw(st.integers(0, 40))
    cells = st.integers(0, 255).map(lambda v: v & 0x11)
    matrix = np.array(
        data.draw(st.lists(cells, min_size=n * size, max_size=n * size)), np.uint8
    ).reshape(n, size)
    skip = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)), bool)
    k = data.draw(st.integers(1, 45))
    for small in KERNELS.values():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(hamming, "_SMALL", small)
            patch.setattr(hamming, "_FEW_QUERIES", 0)
            check(matrix, some_bits(2, size), k, skip)


def test_a_mapped_file_and_rows_that_lie_oddly(kernel: str, tmp_path: Path) -> None:
    wide = some_bits(300, 40)
    path = tmp_path / "rows.bits"
    path.write_bytes(wide.tobytes())
    check(np.memmap(path, np.uint8, "r", shape=wide.shape), wide[:3], 7)
    check(np.memmap(path, np.uint8, "r", offset=5, shape=(200, 40)), wide[:3], 7)
    check(wide[:, 3:20], wide[:2, 3:20], 7)
    check(wide[::2], np.asfortranarray(wide[:2]), 7)


def test_more_bits_than_sixteen_can_count(kernel: str) -> None:
    matrix = np.stack([np.zeros(9000, np.uint8), np.full(9000, 255, np.uint8)])
    scores, rows = top_k(matrix, matrix[1:], 2)
    assert (scores.tolist(), rows.tolist()) == ([[0, -72000]], [[1, 0]])


def test_nothing_to_find(kernel: str) -> None:
    assert top_k(some_bits(0, 4), some_bits(2, 4), 3)[0].shape == (2, 0)
    assert top_k(some_bits(3, 4), some_bits(0, 4), 3)[0].shape == (0, 3)


@pytest.mark.parametrize(
    ("queries", "k", "word"),
    [
        (some_bits(1, 5), 1, "4 bytes"),
        (some_bits(4, 4)[0], 1, "4 bytes"),
        (some_bits(1, 4).astype(np.float32), 1, "float32"),
        (some_bits(1, 4), 0, "at least 1"),
    ],
)
def test_questions_that_have_no_answer(queries: Bits, k: int, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        top_k(some_bits(3, 4), queries, k)


def test_scores_by_hand() -> None:
    # of 12 bits none, 3, 4, 6, 12 differ: angles of 0, 45, 60, 90 and 180 degrees
    scores = np.array([[0, -3, -4, -6, -12]], np.float32)
    assert distance(scores, "hamming").tolist() == [[0, 3, 4, 6, 12]]
    expected = [[1, 0.5**0.5, 0.5, 0, -1]]
    np.testing.assert_allclose(similarity(scores, "hamming", bits=12), expected, atol=1e-7)


def test_the_estimate_is_near_the_cosine_of_the_vectors_that_were_hashed() -> None:
    generator = np.random.default_rng(4)
    vectors = generator.standard_normal((40, 64))
    vectors += 2 * vectors[0]
    lengths = np.linalg.norm(vectors, axis=1)
    cosines = vectors @ vectors[0] / lengths / lengths[0]
    bits = np.packbits(vectors @ generator.uniform(-1, 1, (64, 8192)) > 0, axis=1)
    scores, rows = top_k(bits, bits[:1], 40)
    estimates = similarity(scores, "hamming", bits=8192)[0]
    np.testing.assert_allclose(estimates, cosines[rows[0]], atol=0.05)
