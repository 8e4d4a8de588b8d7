import pytest

from lookalike.demo.paths import dashes, ellipse, mirrored, symmetric, trace


def test_trace_keeps_corners_and_ends_curves_where_they_say():
    assert trace("M 0 0 L 1 2 3 4") == [(0, 0), (1, 2), (3, 4)]
    curve = trace("M 0 0 Q 1 2 2 0")
    assert curve[-1] == pytest.approx((2, 0))
    assert (1.0, 1.0) in [(round(x, 9), round(y, 9)) for x, y in curve]


def test_cubic_curves_follow_the_de_casteljau_midpoint():
    middle = trace("M 0 0 C 0 8 8 8 8 0")[10]
    assert middle == pytest.approx((4, 6))


def test_a_symmetric_outline_is_its_own_mirror_image():
    outline = symmetric("M 0 0 L 2 1 Q 3 4 0 5")
    assert set(mirrored(outline)) == set(outline)


def test_an_ellipse_has_its_radii():
    points = ellipse(3, 4, 2, 1)
    assert max(x for x, _ in points) == pytest.approx(5, abs=1e-3)
    assert min(y for _, y in points) == pytest.approx(3, abs=1e-3)
    assert all(((x - 3) / 2) ** 2 + (y - 4) ** 2 == pytest.approx(1, abs=2e-3) for x, y in points)


def test_dashes_and_gaps_have_one_length_and_go_round_corners():
    assert dashes([(0, 0), (5, 0)], 1) == [((0, 0), (1, 0)), ((2, 0), (3, 0)), ((4, 0), (5, 0))]
    assert dashes([(0, 0), (1.5, 0), (1.5, 2)], 1)[1] == ((1.5, 0.5), (1.5, 1.5))
    assert dashes([(0, 0), (0.5, 0)], 1) == []
