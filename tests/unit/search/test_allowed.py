from __future__ import annotations

import numpy as np
import pytest

from lookalike.search.allowed import is_gathered, rows_of
from lookalike.search.engine import Weighed, nearest, nearest_weighed
from lookalike.store.matrix import MatrixView
from lookalike.store.records import Space

RNG = np.random.default_rng(4)
DIM = 16
COUNT = 4000
KEYS = np.sort(RNG.choice(np.arange(1, 20_000), COUNT, replace=False)).astype(np.int64)
ROWS = RNG.standard_normal((COUNT, DIM)).astype(np.float16)
DEAD = RNG.random(COUNT) < 0.1
TAIL_KEYS = np.arange(20_000, 20_300, dtype=np.int64)
TAIL = RNG.standard_normal((300, DIM)).astype(np.float16)
QUERIES = RNG.standard_normal((5, DIM)).astype(np.float32)
NOBODY = [()] * len(QUERIES)


def view(rows: np.ndarray, tail: np.ndarray, metric: str) -> MatrixView:
    dtype = "bits" if metric == "hamming" else "float16"
    recipe = {"model": "m", "reducers": [], "normalised": False, "dtype": dtype}
    space = Space(1, "main", recipe, "f", DIM, metric, 0)  # type: ignore[arg-type]
    return MatrixView(space, 1, 1, rows, KEYS, DEAD, tail, TAIL_KEYS)


def alive() -> tuple[np.ndarray, np.ndarray]:
    keys = np.concatenate([KEYS[~DEAD], TAIL_KEYS])
    return keys, np.concatenate([ROWS[~DEAD], TAIL])


def by_brute_force(allowed: np.ndarray, query: np.ndarray, k: int) -> list[int]:
    keys, rows = alive()
    wide = rows.astype(np.float64)
    cosines = wide @ query / np.linalg.norm(wide, axis=1)
    cosines[~np.isin(keys, allowed)] = -np.inf
    best = np.argsort(-cosines, kind="stable")[:k]
    return [int(key) for key in keys[best] if np.isfinite(cosines[keys == key][0])]


@pytest.mark.parametrize("share", [0.0, 0.002, 0.04, 0.3, 1.0])
def test_only_allowed_images_are_found_and_min_k_matches_of_them(share: float) -> None:
    keys, _ = alive()
    others = np.arange(30_000, 30_050)
    allowed = np.sort(np.concatenate([RNG.permutation(keys)[: int(share * len(keys))], others]))
    answers = nearest(
        view(ROWS, TAIL, "cosine"), QUERIES, 20, "cosine", unit=False, without=NOBODY,
        allowed=allowed,
    )  # fmt: skip
    for query, (found, _) in zip(QUERIES, answers, strict=True):
        assert found.tolist() == by_brute_force(allowed, query, 20)
        assert len(found) == min(20, int(share * len(keys)))


def test_bits_are_filtered_the_same_way() -> None:
    bits = RNG.integers(0, 256, (COUNT, 2), dtype=np.uint8)
    tail = RNG.integers(0, 256, (300, 2), dtype=np.uint8)
    query = RNG.integers(0, 256, (1, 2), dtype=np.uint8)
    keys = np.concatenate([KEYS[~DEAD], TAIL_KEYS])
    apart = np.bitwise_count(np.concatenate([bits[~DEAD], tail]) ^ query).sum(axis=1)
    for share in (0.005, 0.5):
        allowed = np.sort(RNG.permutation(keys)[: int(share * len(keys))])
        [(found, scores)] = nearest(
            view(bits, tail, "hamming"), query, 9, "hamming", unit=False, without=[()],
            allowed=allowed,
        )  # fmt: skip
        order = np.lexsort((keys, apart))
        expected = [place for place in order if keys[place] in allowed][:9]
        assert found.tolist() == keys[expected].tolist()
        assert (-scores).tolist() == apart[expected].tolist()


def test_what_is_hidden_does_not_take_the_place_of_an_answer() -> None:
    allowed = TAIL_KEYS[:4]
    hidden = [(int(TAIL_KEYS[0]),)] * len(QUERIES)
    answers = nearest(
        view(ROWS, TAIL, "cosine"), QUERIES, 3, "cosine", unit=False, without=hidden,
        allowed=allowed,
    )  # fmt: skip
    assert [sorted(found) for found, _ in answers] == [TAIL_KEYS[1:4].tolist()] * len(QUERIES)


def test_weighed_spaces_search_only_the_allowed() -> None:
    one = Weighed(ROWS, KEYS, QUERIES, 0.5, unit=False)
    other = Weighed(ROWS[50:], KEYS[50:], QUERIES, 0.5, unit=False)
    allowed = KEYS[:60]
    answers = nearest_weighed([one, other], 20, without=NOBODY, allowed=allowed)
    assert [sorted(found) for found, _ in answers] == [KEYS[50:60].tolist()] * len(QUERIES)


def test_rows_of_keys() -> None:
    keys = np.array([2, 5, 9], dtype=np.int64)
    assert rows_of(np.array([1, 5, 6, 9, 12]), keys).tolist() == [1, 2]
    assert rows_of(np.array([], dtype=np.int64), keys).tolist() == []
    assert rows_of(keys, np.array([], dtype=np.int64)).tolist() == []


@pytest.mark.parametrize("allowed", [[], [1, 2], [3, 4, 7], [1, 4, 5, 6, 8, 9], [8], [3, 9]])
def test_rows_of_keys_of_which_none_is_missing(allowed: list[int]) -> None:
    keys = np.arange(3, 8)
    expected = [row for row, key in enumerate(keys) if key in allowed]
    assert rows_of(np.array(allowed, dtype=np.int64), keys).tolist() == expected


def test_few_rows_are_copied_together_and_many_are_not() -> None:
    matrix = np.broadcast_to(np.float16(0), (10_000_000, 512))
    assert is_gathered(10_000, matrix)
    assert not is_gathered(100_000, matrix)
    assert not is_gathered(600, matrix[:10_000])
