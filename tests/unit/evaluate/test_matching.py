"""`match`: chances that hold, that tell strangers from matches, and that search gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_library import clusters, make_store

from lookalike.errors import UnknownNameError, UsageError
from lookalike.evaluate.reliability import calibration_error, reliability, reliability_svg
from lookalike.library.matching import calibrate, calibration_of
from lookalike.search.isotonic import rising_curve
from lookalike.search.match import Calibration, Matcher, background, surprise
from lookalike.store.records import Draw, Verdict
from lookalike.store.store import Store


def by_minimax(values: np.ndarray) -> np.ndarray:
    """Isotonic regression by its max-min formula, of points in order."""
    n = len(values)
    return np.array(
        [
            max(min(values[i : j + 1].mean() for j in range(k, n)) for i in range(k + 1))
            for k in range(n)
        ]
    )


@pytest.mark.parametrize("seed", range(6))
def test_the_curve_is_the_isotonic_regression(seed: int) -> None:
    generator = np.random.default_rng(seed)
    values = generator.random(40) + np.linspace(0, 1, 40)
    places, heights = rising_curve(np.arange(40.0), values)
    expected = by_minimax(values)
    assert heights == pytest.approx(np.unique(expected.round(12)), abs=1e-9)
    assert (np.diff(places) > 0).all()


def test_the_curve_of_many_points_weighs_them() -> None:
    generator = np.random.default_rng(0)
    places = generator.random(20_000)
    values = (generator.random(20_000) < places).astype(float)
    weights = np.where(values > 0, 2.0, 1.0)
    curve = rising_curve(places, values, weights)
    for place in (0.2, 0.5, 0.8):
        assert np.interp(place, *curve) == pytest.approx(2 * place / (1 + place), abs=0.05)
    assert rising_curve(np.zeros(3), np.ones(3))[1].tolist() == [1.0]


def auc(scores: np.ndarray, matches: np.ndarray) -> float:
    wins = (scores[matches][:, None] > scores[~matches][None, :]).mean()
    ties = (scores[matches][:, None] == scores[~matches][None, :]).mean()
    return float(wins + ties / 2)


def crowded(folder: Path) -> tuple[Store, np.ndarray]:
    """A tight crowd of strangers and loose groups, so that raw similarity misleads."""
    generator = np.random.default_rng(3)
    crowd = generator.normal(size=12) * 2 + generator.normal(size=(60, 12)) * 0.8
    centres = generator.normal(size=(20, 12)) * 2
    groups = np.repeat(centres, 5, axis=0) + generator.normal(size=(100, 12)) * 0.9
    vectors = np.concatenate([crowd, groups])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels = [f"alone {i}" for i in range(60)] + [f"group {i // 5}" for i in range(100)]
    return make_store(folder, vectors, labels), np.array(labels)


def test_the_background_alone_tells_more_than_similarity(tmp_path: Path) -> None:
    store, labels = crowded(tmp_path)
    done = calibrate(store, store.space())
    assert (done.calibration.basis, done.calibration.error) == ("background", None)
    matrix = np.asarray(store.compact(store.space())[0])
    unit = matrix.astype(np.float64)
    scores = unit @ unit.T
    matcher = Matcher(done.calibration, matrix)
    pairs = np.triu_indices(len(labels), 1)
    chances = np.stack([matcher.chances(v, matrix, s) for v, s in zip(matrix, scores, strict=True)])
    matches = labels[pairs[0]] == labels[pairs[1]]
    assert ((chances >= 0) & (chances <= 1)).all()
    assert auc(chances[pairs], matches) > auc(scores[pairs], matches) + 0.02


def test_surprise_is_in_spreads_from_both_middles() -> None:
    generator = np.random.default_rng(0)
    landmarks = generator.normal(size=(200, 5))
    one, other = generator.normal(size=(2, 1, 5))
    cosine = float((one @ other.T).item() / np.linalg.norm(one) / np.linalg.norm(other))
    parts = []
    for vector in (one, other):
        near = (landmarks @ vector[0]) / np.linalg.norm(landmarks, axis=1) / np.linalg.norm(vector)
        middle = np.median(near)
        parts.append((cosine - middle) / (middle - np.quantile(near, 0.158655)))
    found = surprise(
        np.array([cosine]),
        background(one, landmarks, "cosine"),
        background(other, landmarks, "cosine"),
    )
    assert found[0] == pytest.approx(np.mean(parts), abs=1e-4)


def test_on_labels_the_chance_is_the_share_that_agrees(tmp_path: Path) -> None:
    vectors, labels = clusters([60, 60, 60], 6, 1.3, 2)
    store = make_store(tmp_path, vectors, labels)
    done = calibrate(store, store.space(), "labels")
    assert done.calibration.error is not None
    assert done.calibration.error < 0.06
    kept = calibration_of(store, store.space())
    assert kept == done.calibration
    assert Calibration.from_json(kept.to_json()) == kept
    assert calibrate(store, store.space(), "labels", drop=[" kind 0"]).calibration.pairs == 1200
    with pytest.raises(UnknownNameError, match="'kind 9'"):
        calibrate(store, store.space(), "labels", drop=["kind 9"])


def test_on_judgements_the_rarely_drawn_count_more(tmp_path: Path) -> None:
    vectors, labels = clusters([40, 40], 6, 1.5, 2)
    store = make_store(tmp_path, vectors, labels)
    pairs = [(f"i{i:03d}", f"i{(i + s) % 80:03d}") for i in range(60) for s in (1, 2)]
    yes = {pair: i % 3 == 0 for i, pair in enumerate(pairs)}
    store.judge(Verdict(*pair, float(right)) for pair, right in yes.items())
    even = calibrate(store, store.space(), "judgements").calibration
    store.add_draws("u", [Draw(*pair, 0.1 if right else 0.4) for pair, right in yes.items()])
    weighed = calibrate(store, store.space(), "judgements").calibration
    assert np.mean(even.chances) < 0.5 < np.mean(weighed.chances)


def test_too_little_is_said(tmp_path: Path) -> None:
    vectors, labels = clusters([12, 12], 4, 1.0, 0)
    store = make_store(tmp_path, vectors, [*labels[:10], *[None] * 14])
    with pytest.raises(UsageError, match="in label; here there are 10"):
        calibrate(store, store.space(), "labels")
    with pytest.raises(UsageError, match="0 judgements are too few"):
        calibrate(store, store.space(), "judgements")
    small = make_store(tmp_path / "small", vectors[:5], labels[:5])
    with pytest.raises(UsageError, match="here there are 5"):
        calibrate(small, small.space())


def test_images_that_are_all_alike_are_no_background(tmp_path: Path) -> None:
    store = make_store(tmp_path, np.ones((30, 4)) / 2, ["same"] * 30)
    with pytest.raises(UsageError, match="all alike"):
        calibrate(store, store.space())


def test_what_was_kept_is_not_trusted(tmp_path: Path) -> None:
    vectors, labels = clusters([30], 4, 1.0, 0)
    store = make_store(tmp_path, vectors, labels)
    for text in ("", "[]", "{}", '{"fingerprint": 1}'):
        store.set_setting("match:main", text)
        assert calibration_of(store, store.space()) is None


def test_reliability_by_hand() -> None:
    chances = np.array([0.05, 0.08, 0.95, 1.0])
    bins = reliability(chances, np.array([0, 1, 1, 1]))
    assert [(one.count, one.share) for one in bins] == [(2, 0.5), (2, 1.0)]
    assert calibration_error(bins) == pytest.approx((2 * 0.435 + 2 * 0.025) / 4)
    picture = reliability_svg([("<a>", bins)])
    assert "&lt;a&gt;: error 0.230" in picture


def test_only_two_pictures_many_times(tmp_path: Path) -> None:
    """All pairs that are alike are alike to the last bit: there is one height above the middle."""
    vectors = np.repeat(np.eye(8, dtype=np.float32), 25, axis=0)
    store = make_store(tmp_path, vectors, ["some"] * len(vectors))
    done = calibrate(store, store.space())
    matrix = np.asarray(store.compact(store.space())[0])
    chances = Matcher(done.calibration, matrix).chances(vectors[0], matrix, matrix[:, 0])
    assert chances[:25].min() > 0.8
    assert chances[25:].max() < 0.01
