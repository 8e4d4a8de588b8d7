"""Classifiers of drawn vectors: against closed forms, brute force, and what chances promise."""

import numpy as np
import pytest

from lookalike.errors import NotBetterError, UsageError
from lookalike.evaluate.truth import MISSING
from lookalike.learn.chances import (
    abstention_curve,
    fitted_sharpness,
    softmax,
    threshold_for_accuracy,
    threshold_for_coverage,
)
from lookalike.learn.classifier import Classifier, Standard
from lookalike.learn.classifier_figures import Figures, figures_of
from lookalike.learn.fitting import Wish, fit_classifier, held_out
from lookalike.learn.from_classes import Classes
from lookalike.learn.lbfgs import minimise
from lookalike.learn.logistic import logistic
from lookalike.learn.scoring import NO_CHANCE, neighbours, prototypes, scores_from


def clouds(count: int, classes: int = 4, noise: float = 1.0, seed: int = 0) -> Classes:
    """Vectors of length 1 about a direction for each class, three to a group."""
    generator = np.random.default_rng(seed)
    middles = generator.normal(size=(classes, 24))
    codes = generator.integers(classes, size=count)
    vectors = middles[codes] + noise * generator.normal(size=(count, 24)) * 2
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = np.arange(count)
    return Classes(vectors.astype(np.float32), codes, rows // 3, rows // 3, rows)


def test_lbfgs_finds_the_middle_of_a_stretched_bowl():
    generator = np.random.default_rng(0)
    root = generator.normal(size=(30, 30))
    bowl = root @ root.T + 0.1 * np.eye(30)
    middle = generator.normal(size=30)

    def height(point):
        away = bowl @ (point - middle)
        return 0.5 * float((point - middle) @ away), away

    np.testing.assert_allclose(minimise(height, np.zeros(30), tolerance=1e-9), middle, atol=1e-6)


def test_lbfgs_finds_the_end_of_a_curved_valley():
    def valley(point):
        x, y = point
        slope = np.array([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])
        return float((1 - x) ** 2 + 100 * (y - x * x) ** 2), slope

    found = minimise(valley, np.array([-1.2, 1.0]), tolerance=1e-8, most=500)
    np.testing.assert_allclose(found, [1, 1], atol=1e-5)


def test_logistic_regression_has_no_slope_left_where_it_ends():
    data = clouds(300)
    (fitted,) = logistic(data.vectors, data.codes, 4, [1e-3])
    points = data.vectors.astype(np.float64)
    chances = np.exp(points @ fitted.weights + fitted.biases)
    chances /= chances.sum(axis=1, keepdims=True)
    wrong = chances - np.eye(4)[data.codes]
    slope = points.T @ wrong / 300 + 1e-3 * fitted.weights
    assert np.abs(slope).max() < 1e-4
    assert np.abs(wrong.mean(axis=0)).max() < 1e-4


def test_logistic_regression_gives_an_absent_class_no_chance():
    data = clouds(60)
    codes = np.where(data.codes == 2, 3, data.codes)
    for fitted in logistic(data.vectors, codes, 5, [1e-2, 1e-4]):
        scores = fitted.scores(data.vectors)
        assert (scores[:, [2, 4]] <= NO_CHANCE + 1).all()
        assert softmax(scores, 1.0)[:, [2, 4]].max() == 0


@pytest.mark.extra
@pytest.mark.parametrize(("noise", "classes"), [(0.5, 3), (1.0, 8), (2.0, 12)])
def test_logistic_regression_is_that_of_scikit_learn(noise, classes):
    from sklearn.linear_model import LogisticRegression

    data = clouds(1200, classes, noise)
    learn, ask = np.arange(1200) < 600, np.arange(1200) >= 600
    for strength in (1e-2, 1e-3, 1e-4):
        (ours,) = logistic(data.vectors[learn], data.codes[learn], classes, [strength])
        theirs = LogisticRegression(C=1 / (600 * strength), tol=1e-8, max_iter=5000)
        theirs.fit(data.vectors[learn].astype(np.float64), data.codes[learn])
        chances = softmax(ours.scores(data.vectors[ask]), 1.0)
        expected = theirs.predict_proba(data.vectors[ask])
        np.testing.assert_allclose(chances, expected, atol=0.01)
        right = (chances.argmax(axis=1) == data.codes[ask]).mean()
        assert right == pytest.approx(theirs.score(data.vectors[ask], data.codes[ask]), abs=0.005)


def test_prototypes_are_the_means_and_neighbours_the_brute_vote():
    data = clouds(80)
    points = Standard.of(data.vectors).apply(data.vectors)
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    means = np.stack([points[data.codes == code].mean(axis=0) for code in range(4)])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    found = prototypes(points, data.codes, 4).scores(points)
    np.testing.assert_allclose(found, points @ means.T, atol=1e-5)
    scores = neighbours(points, data.codes, 4, 5).scores(points[:9])
    for row in range(9):
        cosines = unit @ unit[row]
        near = np.argsort(-cosines)[:5]
        votes = np.bincount(data.codes[near], np.exp(20 * cosines[near]), minlength=4)
        np.testing.assert_allclose(scores[row], np.log1p(votes), atol=0.05)


def test_sharpness_is_found_again_where_scores_were_made_too_sure():
    generator = np.random.default_rng(3)
    true = generator.normal(size=(20_000, 5)) * 2
    chances = softmax(true, 1.0)
    codes = (chances.cumsum(axis=1) < generator.random((20_000, 1))).sum(axis=1).clip(0, 4)
    for factor in (0.02, 1.0, 7.0, 300.0):
        assert fitted_sharpness(true * factor, codes) == pytest.approx(1 / factor, rel=0.03)


def test_the_abstention_curve_by_hand():
    tops = np.array([0.9, 0.8, 0.8, 0.4])
    right = np.array([True, True, False, False])
    curve = [(p.threshold, p.coverage, p.accuracy) for p in abstention_curve(tops, right)]
    assert curve == [(0.9, 0.25, 1.0), (0.8, 0.75, pytest.approx(2 / 3)), (0.4, 1.0, 0.5)]
    assert threshold_for_accuracy(tops, right, 0.6) == 0.8
    assert threshold_for_accuracy(tops, right, 1.0) == 0.9
    assert threshold_for_accuracy(tops, ~right, 0.99) is None
    assert [threshold_for_coverage(tops, share) for share in (0.25, 0.5, 1.0)] == [0.9, 0.8, 0.4]


@pytest.mark.parametrize("method", ["logistic", "knn", "prototypes"])
def test_chances_hold_on_data_that_was_never_seen(method):
    data = clouds(900)
    fitted = fit_classifier(data, tuple("abcd"), (method,), Wish(accuracy=0.9))
    fresh = clouds(4000)  # the same middles, other noise
    found = fitted.classifier.predict(fresh.vectors)
    right = found.codes == fresh.codes
    assert right.mean() > 0.6
    assert abs(found.chances.mean() - right.mean()) < 0.06
    sure = found.chances >= fitted.classifier.threshold
    assert 0.1 < sure.mean() < 1
    assert right[sure].mean() > 0.86


def test_all_it_learned_is_in_its_arrays():
    data = clouds(120)
    for method in ("logistic", "knn", "prototypes"):
        one = fit_classifier(data, tuple("abcd"), (method,), Wish(coverage=0.5)).classifier
        again = Classifier.restored(one.names, dict(one.arrays))
        np.testing.assert_array_equal(again.chances(data.vectors), one.chances(data.vectors))
        assert again.threshold == one.threshold > 0
        assert type(scores_from(one.scorer.arrays)) is type(one.scorer)


def test_groups_are_never_on_both_sides_and_every_image_is_asked_once():
    """Each group has a label of its own making: who saw a group knows, who did not cannot."""
    generator = np.random.default_rng(5)
    groups = np.repeat(np.arange(60), 4)
    middles = generator.normal(size=(60, 40)) * 3
    vectors = middles[groups] + 0.1 * generator.normal(size=(240, 40))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    codes = generator.integers(3, size=60)[groups]
    grouped = Classes(vectors, codes, groups, groups, np.arange(240))
    alone = Classes(vectors, codes, np.arange(240), groups, np.arange(240))
    accuracy = {}
    for name, data in (("grouped", grouped), ("alone", alone)):
        held = held_out(data, tuple("abc"), ("knn",), Wish())
        assert sorted(held.rows.tolist()) == list(range(240))
        figures = figures_of(data, "abc", held)
        accuracy[name] = figures.means["accuracy"].value
        assert Figures.from_dict(figures.as_dict()) == figures
    assert accuracy["alone"] > 0.95
    assert accuracy["grouped"] < 0.6


def test_figures_by_hand():
    data = clouds(200)
    held = held_out(data, tuple("abcd"), ("logistic",), Wish(accuracy=0.8))
    figures = figures_of(data, "abcd", held)
    codes, said = data.codes[held.rows], held.chances.argmax(axis=1)
    assert figures.means["accuracy"].value == pytest.approx((codes == said).mean())
    recalls = {c: (said[codes == c] == c).mean() for c in range(4)}
    assert figures.means["macro accuracy"].value == pytest.approx(np.mean(list(recalls.values())))
    assert {row.name: row.recall for row in figures.classes} == {
        "abcd"[c]: pytest.approx(recall) for c, recall in recalls.items()
    }
    for true in range(4):
        for other in range(4):
            counted = ((codes == true) & (said == other)).sum()
            assert figures.confusion[true][other] == counted
    sure = held.chances.max(axis=1) >= held.thresholds
    assert figures.means["coverage"].value == pytest.approx(sure.mean())
    right = (codes == said)[sure].mean()
    assert figures.means["answered accuracy"].value == pytest.approx(right)


def test_a_class_of_one_group_counts_as_wrong_when_held_out():
    data = clouds(90)
    codes = data.codes % 3
    codes[:3] = 3
    odd = Classes(data.vectors, codes, data.units, data.groups, data.contents)
    figures = figures_of(odd, "abcd", held_out(odd, tuple("abcd"), ("logistic",), Wish()))
    (row,) = [row for row in figures.classes if row.name == "d"]
    assert (row.images, row.recall) == (3, 0.0)


def test_what_cannot_be_is_refused():
    data = clouds(60)
    together = Classes(data.vectors, data.codes, data.units * 0, data.groups, data.contents)
    with pytest.raises(UsageError, match="nothing can be held out"):
        fit_classifier(together, tuple("abcd"), ("knn",), Wish())
    generator = np.random.default_rng(0)
    noise = Classes(
        data.vectors, generator.integers(4, size=60), data.units, data.groups, data.contents
    )
    with pytest.raises(NotBetterError, match="Wish for less"):
        fit_classifier(noise, tuple("abcd"), ("prototypes",), Wish(accuracy=0.9999))


@pytest.mark.parametrize("vectors", [np.ones((12, 5)), np.eye(12, 5) * 0])
def test_identical_and_zero_vectors_give_chances(vectors):
    rows = np.arange(12)
    data = Classes(vectors.astype(np.float32), rows % 2, rows, np.full(12, MISSING), rows)
    for method in ("logistic", "knn", "prototypes"):
        one = fit_classifier(data, ("a", "b"), (method,), Wish()).classifier
        chances = one.chances(data.vectors)
        assert np.isfinite(chances).all()
        np.testing.assert_allclose(chances.sum(axis=1), 1)
