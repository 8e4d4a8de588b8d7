"""Clusters of a library: found, named, kept, joined, and filtered by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import lookalike
from lookalike.errors import UnknownNameError, UsageError
from lookalike.explore.clusters_describe import agreement, describe_cluster
from lookalike.explore.clusters_find import by_density, by_means, silhouette
from lookalike.explore.clusters_names import name_clusters
from lookalike.explore.clusters_words import words_of_clusters

DIM = 12


def groups(sizes: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Vectors about as many corners as there are sizes, one corner after the other."""
    generator = np.random.default_rng(seed)
    corners = np.repeat(6 * np.eye(len(sizes), DIM), sizes, axis=0)
    return (corners + generator.normal(size=corners.shape)).astype(np.float32)


def names(sizes: tuple[int, ...], prefix: str = "") -> list[str]:
    return [f"{prefix}{group}-{n}" for group, size in enumerate(sizes) for n in range(size)]


SIZES = (50, 40, 30, 20)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[lookalike.Library]:
    with lookalike.open(tmp_path) as opened:
        opened.import_vectors("made", [(names(SIZES), groups(SIZES))])
        yield opened


def test_the_number_of_groups_is_found_and_each_is_a_group(library: lookalike.Library) -> None:
    found = library.clusters("made")
    assert [(one.name, one.images) for one in found.clusters] == [
        ("1", 50), ("2", 40), ("3", 30), ("4", 20),
    ]  # fmt: skip
    assert max(found.curve, key=lambda k: found.curve[k]) == 4
    for number, one in enumerate(found.clusters):
        assert {id_[0] for id_ in (*one.central, *one.diverse)} == {str(number)}
        assert 0.5 < one.cohesion <= 1
    assert library.filter("cluster = '3'") == [f"2-{n}" for n in range(30)]


def test_a_given_name_outlives_finding_anew(library: lookalike.Library) -> None:
    library.clusters("made")
    assert library.name_cluster("3", "dresses") == 30
    assert library.filter('cluster = "dresses"') == [f"2-{n}" for n in range(30)]
    again = library.clusters("made", k=6, seed=3)
    assert sum(one.images for one in again.clusters) == sum(SIZES)
    assert len(again.clusters) == 6
    dresses = library.filter('cluster = "dresses"')
    assert dresses
    assert {id_[0] for id_ in dresses} == {"2"}
    assert again.lost == []
    one = library.clusters("made", k=1)
    assert one.clusters[0].images == sum(SIZES)


def test_what_is_added_joins_the_nearest_and_names_stay(library: lookalike.Library) -> None:
    library.clusters("made")
    library.name_cluster("4", "hats")
    more = (0, 0, 0, 7)
    library.import_vectors("made", [(names(more, "new-"), groups(more, seed=4))])
    found = library.clusters("made")
    assert found.assigned == 7
    assert len(library.filter('cluster = "hats"')) == 27
    assert library.clusters("made").assigned == 0


@pytest.mark.parametrize("name", ["", "12", "1", "a\nb"])
def test_names_that_cannot_be(library: lookalike.Library, name: str) -> None:
    library.clusters("made")
    with pytest.raises(UsageError):
        library.name_cluster("2", name)
    with pytest.raises(UnknownNameError, match="'9'"):
        library.name_cluster("9", "shoes")


def test_more_clusters_than_images_and_images_that_are_all_the_same(tmp_path: Path) -> None:
    with lookalike.open(tmp_path) as few:
        few.import_vectors("few", [(["a", "b", "c"], groups((1, 1, 1)))])
        found = few.clusters("few", k=50)
        assert sum(one.images for one in found.clusters) == 3
        ids = [f"s{n}" for n in range(30)]
        few.import_vectors("same", [(ids, np.ones((30, DIM), np.float32))])
        assert sum(one.images for one in few.clusters("same").clusters) == 30
        few.import_vectors("one", [(["x"], np.ones((1, DIM), np.float32))])
        assert [one.images for one in few.clusters("one").clusters] == [1]
        assert "<h2>" in few.clusters_html(few.clusters("one"))
        with pytest.raises(UsageError, match="no images"):
            few.clusters()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"method": "dense"}, "density"),
        ({"k": 0}, "at least 1"),
        ({"k": 3, "method": "density"}, "no k"),
        ({"smallest": 3}, "density"),
    ],
)
def test_what_cannot_be_is_refused(library, options, said) -> None:
    with pytest.raises(UsageError, match=said):
        library.clusters("made", **options)


def test_names_go_to_the_cluster_that_overlaps_most() -> None:
    contents = np.arange(10)
    before = {n: "hats" if n < 5 else "shoes" for n in range(9)}
    codes = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, -1])
    assert name_clusters(codes, contents, before).names == ["hats", "shoes"]
    scattered = name_clusters(np.arange(10), contents, before)
    assert scattered.names.count("hats") == 1  # one of five: just enough
    fresh = name_clusters(np.array([0, 1, 1, 1, 1, 1, 1, 1, 1, 1]), contents, {})
    assert fresh.names == ["2", "1"]
    gone = name_clusters(np.zeros(10, np.int64), contents, {0: "hats", 1: "3"})
    assert (gone.names, gone.lost) == (["1"], ["hats"])


def test_words_are_those_a_cluster_has_more_of() -> None:
    codes = np.array([0] * 40 + [1] * 40 + [-1] * 5)
    columns = {
        "colour": ["red"] * 38 + ["blue"] * 42 + [None] * 5,
        "number": [float("nan"), *range(84)],
        "same": ["x"] * 85,
        "<b>": [("s", "m")] * 20 + [()] * 65,
    }
    first, second = words_of_clusters(codes, columns, 2)
    assert first == ["colour: red", "<b>: s, m"] or first == ["<b>: s, m", "colour: red"]
    assert second == ["colour: blue"]


def test_central_and_diverse_are_those_of_brute_force() -> None:
    vectors = groups((60,), seed=8).astype(np.float16)
    rows = np.arange(5, 55)
    one = describe_cluster(vectors, rows)
    unit = vectors[rows].astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    centre = unit.mean(axis=0) / np.linalg.norm(unit.mean(axis=0))
    assert one.central.tolist() == rows[np.argsort(-(unit @ centre))[:12]].tolist()
    assert one.cohesion == pytest.approx((unit @ centre).mean(), abs=1e-4)
    taken = [int(np.argmax(unit @ centre))]
    while len(taken) < 12:
        taken.append(int(np.argmin((unit @ unit[taken].T).max(axis=1))))
    assert one.diverse.tolist() == rows[taken].tolist()


@pytest.mark.extra
class TestBesideScikitLearn:
    """The measures are those of scikit-learn."""

    def test_silhouette_and_mutual_information(self) -> None:
        from sklearn.metrics import normalized_mutual_info_score, silhouette_score

        points = groups((30, 20, 10, 1), seed=3)
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        codes = by_means(points, 5, 0).codes
        truth = np.repeat(np.arange(4), (30, 20, 10, 1))
        expected = silhouette_score(points, codes, metric="cosine")
        assert silhouette(points, codes) == pytest.approx(expected, abs=1e-4)
        assert agreement(codes, truth) == pytest.approx(normalized_mutual_info_score(truth, codes))

    def test_density_leaves_strays_out(self, tmp_path: Path) -> None:
        generator = np.random.default_rng(1)
        dense = np.repeat(10 * np.eye(3, DIM), 60, axis=0)
        vectors = np.concatenate(
            [dense + 0.3 * generator.normal(size=dense.shape), 9 * generator.normal(size=(30, DIM))]
        ).astype(np.float32)
        ids = [*names((60, 60, 60)), *(f"stray-{n}" for n in range(30))]
        with lookalike.open(tmp_path) as library:
            library.import_vectors("made", [(ids, vectors)])
            found = library.clusters("made", method="density", smallest=31)
            assert len(found.clusters) == 3
            assert found.strays > 10
            assert all(id_.startswith("stray") for id_ in library.filter("cluster is null"))
        assert (by_density(np.zeros((2, 3), np.float32), None).codes == -1).all()
