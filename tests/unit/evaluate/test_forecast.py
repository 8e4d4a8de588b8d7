"""Forecasts from a sample, held against the whole that they are drawn from."""

import numpy as np
import pytest

from lookalike.evaluate.forecast import (
    Forecast,
    whole_count,
    whole_precision,
    whole_size,
    whole_time,
)
from lookalike.evaluate.ranking import View


def test_time_is_the_start_once_and_the_rate_for_all() -> None:
    marks = [(5.0 + n, 100 * n) for n in range(1, 9)]
    found = whole_time(marks, 10_000)
    assert found.value == pytest.approx(5 + 100)
    assert found.low <= 0.9 * 105 + 1e-9
    assert found.high >= 1.1 * 105 - 1e-9
    short = whole_time([(2.0, 10)], 100)
    assert (short.low, short.value, short.high) == (10, 20, 40)


def test_count_covers_the_whole_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        bad = np.zeros(2000, bool)
        bad[:90] = True
        found = int(generator.permutation(bad)[:300].sum())
        one = whole_count(found, 300, 2000)
        covered += one.low <= 90 <= one.high
    assert covered >= 0.93 * 400
    assert whole_count(7, 100, 100).low == pytest.approx(7)
    assert whole_count(0, 50, 1000).low == 0


def test_size_is_a_line() -> None:
    found = whole_size([(0, 1000), (10, 3000), (20, 5000)], 100)
    assert found.value == pytest.approx(21_000)
    assert found.low < 21_000 < found.high


def test_precision_of_the_whole_is_foretold_from_a_part() -> None:
    generator = np.random.default_rng(1)
    held = 0
    for seed in range(6):
        generator = np.random.default_rng(seed)
        codes = generator.integers(0, 12, 3000)
        centres = generator.normal(size=(12, 24))
        points = centres[codes] + generator.normal(0, 2.2, (3000, 24))
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        vectors = points.astype(np.float16)
        contents = np.arange(3000)
        whole = vectors.astype(np.float32) @ vectors.astype(np.float32).T
        np.fill_diagonal(whole, -2)
        top = np.argpartition(-whole, 10, axis=1)[:, :10]
        true = (codes[top] == codes[:, None]).mean()
        some = np.sort(generator.permutation(3000)[:400])
        found = whole_precision(
            View(vectors[some], None, "cosine"), codes[some], contents[some], 10, 3000
        )
        assert found is not None
        held += found.low <= true <= found.high
        part = vectors[some].astype(np.float32) @ vectors[some].astype(np.float32).T
        np.fill_diagonal(part, -2)
        near = np.argpartition(-part, 10, axis=1)[:, :10]
        as_it_is = (codes[some][near] == codes[some][:, None]).mean()
        assert abs(found.value - true) < abs(as_it_is - true) + 0.02
    assert held >= 5


def test_few_labels_foretell_nothing() -> None:
    codes = np.full(100, -1)
    codes[:20] = 0
    view = View(np.eye(100, dtype=np.float16), None, "cosine")
    assert whole_precision(view, codes, np.arange(100), 5, 1000) is None


def test_a_forecast_is_kept_as_plain_data() -> None:
    one = whole_count(1, 10, 100)
    told = Forecast("s", "m", 100, 10, 0, 10, one, one, one, None)
    assert Forecast.from_dict(told.as_dict()) == told
