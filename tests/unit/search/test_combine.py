"""Combined questions and diverse answers, against the formulas written out plainly."""

import numpy as np
import pytest

from lookalike.errors import UsageError
from lookalike.search.arrange import Ranking, Wanted, arranged
from lookalike.search.combine import combine
from lookalike.search.diversity import diversified, similarities_between
from lookalike.store.records import Space


def space(metric="cosine", dim=3, dtype="float16"):
    recipe = {"normalised": metric == "cosine", "dtype": dtype, "model": "tiny", "reducers": []}
    return Space(1, "main", recipe, "f", dim, metric, 0)


def vectors(*rows):
    return [np.array(row, np.float32) for row in rows]


def test_rocchio_by_hand():
    a, b, c = vectors([2, 0, 0], [0, 5, 0], [0, 0, 0.1])
    found = combine([(a, 2.0), (b, 1.0)], [(c, 1.0)], space())
    expected = np.array([0.75 * 2 / 2, 0.75 * 1 / 2, -0.15])
    assert np.allclose(found, expected / np.linalg.norm(expected), atol=1e-6)
    assert found.dtype == np.float32


def test_one_item_is_itself_whatever_its_weight():
    (a,) = vectors([3, 4, 0])
    assert np.array_equal(combine([(a, 9.0)], [], space("l2")), a)


@pytest.mark.parametrize("metric", ["l2", "l1", "ip"])
def test_where_length_matters_it_is_the_mean_of_what_is_liked(metric):
    a, b = vectors([2, 0, 0], [0, 4, 0])
    found = combine([(a, 1.0), (b, 1.0)], [], space(metric))
    assert np.allclose(found, np.array([1, 1, 0]) / np.sqrt(2) * 3, atol=1e-6)


def test_only_dislikes_are_an_opposite_where_there_is_one():
    (a,) = vectors([0, 2, 0])
    assert np.allclose(combine([], [(a, 1.0)], space()), [0, -1, 0])
    with pytest.raises(UsageError, match="no opposite"):
        combine([], [(a, 1.0)], space("l2"))


def test_what_cancels_out_is_no_question():
    a, b = vectors([1, 0, 0], [-1, 0, 0])
    with pytest.raises(UsageError, match="cancel"):
        combine([(a, 1.0), (b, 1.0)], [], space())
    bits = np.packbits([1, 0, 1]), np.packbits([0, 1, 0])
    with pytest.raises(UsageError, match="cancel"):
        combine([(bits[0], 1.0), (bits[1], 1.0)], [], space("hamming", 3, "bits"))


@pytest.mark.parametrize("metric", ["cosine", "ip"])
def test_only_the_ratio_of_weights_counts_however_large_they_are(metric):
    a, b, c = vectors([2, 0, 0], [0, 5, 0], [0, 0, 0.1])
    plain = combine([(a, 2.0), (b, 1.0)], [(c, 1.0)], space(metric))
    for unit in (2.0**-1000, 2.0**1000, 2.0**1022):
        found = combine([(a, 2 * unit), (b, unit)], [(c, unit)], space(metric))
        assert np.array_equal(found, plain)


def test_bits_are_weighed_one_by_one():
    a, b, c = (np.packbits(bits) for bits in ([1, 1, 0], [1, 0, 0], [1, 0, 1]))
    found = combine([(a, 1.0), (b, 1.0)], [(c, 1.0)], space("hamming", 3, "bits"))
    expected = np.array([0.375 * 2 - 0.15, 0.15, -0.75 - 0.15]) / 0.9
    assert np.allclose(found, expected, atol=1e-6)


def naive_mmr(similar, between, diversity):
    left, chosen = list(range(len(similar))), []
    while left:

        def marginal(i):
            near = max((between[i][j] for j in chosen), default=None)
            part = (1 - diversity) * float(similar[i])
            return part if near is None else part - diversity * float(near)

        best = max(left, key=lambda i: (marginal(i), -i))
        chosen.append(best)
        left.remove(best)
    return chosen


@pytest.mark.parametrize("diversity", [0.0, 0.3, 0.7, 1.0])
def test_diversity_is_maximal_marginal_relevance(diversity):
    generator = np.random.default_rng(3)
    rows = generator.normal(size=(40, 6)).astype(np.float16)
    query = generator.normal(size=6)
    wide = rows.astype(np.float64)
    unit = wide / np.linalg.norm(wide, axis=1, keepdims=True)
    similar = unit @ query / np.linalg.norm(query)
    order = np.argsort(-similar)
    between = similarities_between(rows[order], "cosine")
    assert np.allclose(between, unit[order] @ unit[order].T, atol=1e-5)
    found = diversified(similar[order].astype(np.float32), between, diversity)
    if 0 < diversity < 1:
        assert found.tolist() == naive_mmr(similar[order].astype(np.float32), between, diversity)
    assert sorted(found.tolist()) == list(range(40))
    assert found[0] == 0
    if diversity == 0:
        assert found.tolist() == list(range(40))


def test_similarities_of_bits_are_those_of_a_search():
    bits = np.random.default_rng(4).integers(0, 2, (5, 20), np.uint8)
    found = similarities_between(np.packbits(bits, axis=1), "hamming", bits=20)
    differing = (bits[:, None] != bits[None]).sum(axis=2)
    assert np.allclose(found, np.cos(np.pi * differing / 20), atol=1e-6)


class World:
    """2,000 images in a row, in groups of equal bytes; similarity falls from 1 to 0."""

    def __init__(self, count=2000, group=3):
        self.scores = np.linspace(1, 0, count, dtype=np.float32)
        self.group = group
        self.points = np.random.default_rng(9).normal(size=(count, 4))
        self.depths = []

    def ranking(self):
        def find(k):
            self.depths.append(k)
            keys = np.arange(len(self.scores))[:k]
            return [(keys, self.scores[:k])]

        def between(keys):
            rows = self.points[keys]
            return (rows @ rows.T).astype(np.float32)

        return Ranking(find, lambda scores: scores, between, lambda keys: keys // self.group)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"diversity": 0.5},
        {"group_duplicates": True},
        {"diversity": 0.4, "group_duplicates": True, "min_similarity": 0.3},
        {"within": 0.6},
    ],
)
def test_pages_hold_each_row_once_and_lose_none(options):
    (whole,) = arranged(World().ranking(), Wanted(5000, **options))
    seen = []
    offset, more = 0, True
    while more:
        (page,) = arranged(World().ranking(), Wanted(300, offset=offset, **options))
        seen += page.keys.tolist()
        offset, more = offset + 300, page.more
    assert seen == whole.keys.tolist()
    assert len(seen) == len(set(seen))
    assert not whole.more


def test_a_content_is_shown_once_by_its_first_image():
    world = World(group=7)
    (page,) = arranged(world.ranking(), Wanted(20, group_duplicates=True))
    assert page.keys.tolist() == [7 * i for i in range(20)]
    assert page.more
    assert world.depths[-1] < 1000


def test_a_range_is_all_that_is_near_enough():
    (page,) = arranged(World().ranking(), Wanted(within=0.75))
    assert len(page.keys) == 500
    assert not page.more
    (page,) = arranged(World().ranking(), Wanted(within=0.25))
    assert len(page.keys) == 1000
    assert page.more


@pytest.mark.parametrize(
    "options",
    [
        {"k": 0},
        {"k": -1},
        {"offset": -1},
        {"diversity": 1.5},
        {"diversity": float("nan")},
        {"min_similarity": float("nan")},
        {"within": float("inf")},
        {"within": 0.5, "diversity": 0.5},
        {"within": 0.5, "min_similarity": 0.5},
    ],
)
def test_what_cannot_be_wanted_is_refused(options):
    with pytest.raises(UsageError):
        Wanted(**options)
