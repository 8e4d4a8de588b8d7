"""Propagating labels: chances that come true, order of doubts, and refusals."""

import numpy as np
import pytest

from lookalike.errors import UsageError
from lookalike.learn.propagation import Examples, Propagator, learn_labels, unsure_first

RNG = np.random.default_rng(0)


def drawn(count: int, spread: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points of four classes round the axes, length 1."""
    generator = np.random.default_rng(seed)
    codes = generator.integers(0, 4, count)
    points = np.eye(8)[codes] + generator.normal(0, spread, (count, 8))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points.astype(np.float32), codes


@pytest.mark.parametrize("spread", [0.2, 0.45])
def test_what_is_propagated_as_sure_is_right_so_often(spread: float) -> None:
    points, codes = drawn(3000, spread, 1)
    some = np.arange(160)
    learned = learn_labels(Examples(points[some], codes[some], some), ("a", "b", "c", "d"))
    said = learned.predict(points[160:])
    right = said.codes == codes[160:]
    assert abs(said.chances.mean() - right.mean()) < 0.06
    sure = said.chances >= learned.threshold(0.9)
    assert sure.any()
    assert right[sure].mean() > 0.88


def test_few_labels_prove_nothing_and_are_not_called_sure() -> None:
    points, codes = drawn(500, 0.2, 2)
    some = np.array([np.flatnonzero(codes == code)[n] for code in range(4) for n in range(1)])
    learned = learn_labels(Examples(points[some], codes[some], some), ("a", "b", "c", "d"))
    assert not learned.calibrated
    assert learned.threshold(0.9) > 1


def test_a_class_with_one_cluster_counts_as_not_known_when_it_is_held_out() -> None:
    points, codes = drawn(60, 0.1, 3)
    learned = learn_labels(Examples(points, codes, codes), ("a", "b", "c", "d"))
    assert not learned.calibrated
    units = np.where(codes == 0, 0, 100 + np.arange(60))
    learned = learn_labels(Examples(points, codes, units), ("a", "b", "c", "d"))
    assert learned.calibrated
    assert (~learned.right).sum() >= (codes == 0).sum()


def test_equal_chances_are_judged_together() -> None:
    tops = np.array([1.0] * 20 + [0.5] * 5)
    right = np.array([True] * 10 + [False] * 10 + [True] * 5)
    assert Propagator(None, 1.0, True, tops, right).threshold(0.8) > 1  # type: ignore[arg-type]
    right = np.array([True] * 20 + [False] * 5)
    assert Propagator(None, 1.0, True, tops, right).threshold(0.8) == 1.0  # type: ignore[arg-type]


def test_the_least_sure_come_first_and_repeats_of_them_late() -> None:
    vectors = np.eye(6, dtype=np.float32)[[0, 0, 0, 1, 2, 3]]
    chances = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.9])
    first = unsure_first(vectors, chances, 3).tolist()
    assert first[0] == 0
    assert set(first) <= {0, 3, 4, 5}
    assert len(unsure_first(vectors, chances, 50)) == 6


def test_one_label_tells_nothing_apart() -> None:
    points, _ = drawn(10, 0.1, 4)
    with pytest.raises(UsageError, match="two different"):
        learn_labels(Examples(points, np.zeros(10, np.int64), np.arange(10)), ("a",))
