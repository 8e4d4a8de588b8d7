"""The map of a library: kept, added to, left; the plane of the first components needs no extra."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import lookalike
from lookalike.errors import UnknownNameError, UsageError

DIM = 12


def three_groups(count: int, seed: int = 0) -> np.ndarray:
    """Vectors about three corners, in turn."""
    generator = np.random.default_rng(seed)
    corners = 4 * np.eye(3, DIM)
    return (corners[np.arange(count) % 3] + generator.normal(size=(count, DIM))).astype(np.float32)


def names(count: int, prefix: str = "a") -> list[str]:
    return [f"{prefix}{number:04d}" for number in range(count)]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[lookalike.Library]:
    with lookalike.open(tmp_path) as opened:
        opened.import_vectors("made", [(names(90), three_groups(90))])
        yield opened


def test_the_plane_is_that_of_the_first_two_components(library: lookalike.Library) -> None:
    drawn = library.map("made", method="pca")
    vectors = library.matrix("made").astype(np.float64)
    centred = vectors - vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    expected = centred @ axes[:2].T
    assert drawn.ids == names(90)
    assert np.allclose(np.abs(drawn.points), np.abs(expected), atol=1e-3)
    assert drawn.made
    assert drawn.quality is not None
    assert drawn.quality.k == 15


def test_a_map_is_kept_and_what_is_new_is_placed_among_its_own(library: lookalike.Library) -> None:
    before = library.map("made", method="pca")
    again = library.map("made")
    assert (again.made, again.added) == (False, 0)
    assert (again.points == before.points).all()
    library.import_vectors("made", [(names(30, "b"), three_groups(30, seed=1))])
    after = library.map("made")
    assert (after.made, after.added, int(after.placed.sum())) == (False, 30, 30)
    assert (after.points[:90] == before.points).all()
    middles = np.stack([before.points[group::3].mean(axis=0) for group in range(3)])
    nearest = ((after.points[90:, None] - middles) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == np.arange(30) % 3).mean() > 0.9
    assert after.quality_of_placed is not None
    refreshed = library.map("made", refresh=True)
    assert (refreshed.made, int(refreshed.placed.sum())) == (True, 0)
    assert refreshed.method == "pca"


def test_what_is_removed_leaves_the_map(library: lookalike.Library) -> None:
    library.map("made", method="pca")
    library.remove(names(10))
    drawn = library.map("made")
    assert drawn.ids == names(90)[10:]
    library.remove(drawn.ids)
    with pytest.raises(UsageError, match="no images"):
        library.map("made")


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_handful_is_laid_out_without_an_extra(tmp_path: Path, count: int) -> None:
    with lookalike.open(tmp_path) as few:
        few.import_vectors("made", [(names(count), three_groups(count))])
        drawn = few.map("made")
        assert drawn.points.shape == (count, 2)
        assert np.isfinite(drawn.points).all()
        assert few.map_html(drawn).startswith("<!DOCTYPE html>")
        assert few.map_png(drawn).startswith(b"\x89PNG")


def test_images_that_are_all_the_same_lie_on_one_point(tmp_path: Path) -> None:
    with lookalike.open(tmp_path) as same:
        same.import_vectors("made", [(names(40), np.ones((40, DIM), np.float32))])
        drawn = same.map("made", method="pca")
        assert np.allclose(drawn.points, 0, atol=1e-5)
        same.map_html(drawn)


def test_what_cannot_be_is_refused(library: lookalike.Library) -> None:
    with pytest.raises(UnknownNameError, match="pca"):
        library.map("made", method="pac")
    with pytest.raises(UnknownNameError, match="made"):
        library.map("mad")
    with pytest.raises(UsageError, match="no images"):
        library.map()
    drawn = library.map("made", method="pca")
    with pytest.raises(UnknownNameError, match="label"):
        library.map_html(drawn, "lable")


def test_a_dropped_space_takes_its_map_along(library: lookalike.Library) -> None:
    library.map("made", method="pca")
    library.drop_space("made")
    library.import_vectors("made", [(names(90), three_groups(90, seed=5))])
    assert library.map("made", method="pca").made


@pytest.mark.extra
class TestNeighbourEmbedding:
    """Maps by t-SNE."""

    def test_neighbours_stay_and_new_ones_are_placed_as_well(self, tmp_path: Path) -> None:
        from sklearn.manifold import trustworthiness

        generator = np.random.default_rng(2)
        corners = generator.normal(size=(30, DIM))
        vectors = corners[generator.integers(30, size=1200)]
        vectors = (vectors + 0.25 * generator.normal(size=vectors.shape)).astype(np.float32)
        with lookalike.open(tmp_path) as library:
            library.import_vectors("made", [(names(1000), vectors[:1000])])
            first = library.map("made")
            assert (first.method, first.made) == ("tsne", True)
            assert first.quality is not None
            kept = library.matrix("made").astype(np.float64)
            assert first.quality.trustworthiness == pytest.approx(
                trustworthiness(kept, first.points, n_neighbors=15, metric="cosine"), abs=2e-3
            )
            assert first.quality.preservation > 0.4
            library.import_vectors("made", [(names(200, "b"), vectors[1000:])])
            placed = library.map("made")
            assert (placed.points[:1000] == first.points).all()
            anew = library.map("made", refresh=True)
            assert placed.quality_of_placed is not None
            assert anew.quality is not None
            assert placed.quality_of_placed.preservation > 0.9 * anew.quality.preservation

    def test_a_seed_gives_the_same_map_again_and_another_another(
        self, library: lookalike.Library
    ) -> None:
        one = library.map("made", seed=1)
        two = library.map("made", seed=2)
        assert two.made
        assert not np.allclose(one.points, two.points)
        again = library.map("made", seed=1)
        assert np.allclose(one.points, again.points, atol=1e-2)

    @pytest.mark.parametrize("count", [5, 6, 16, 40])
    def test_fewer_images_than_any_perplexity(self, tmp_path: Path, count: int) -> None:
        with lookalike.open(tmp_path) as few:
            few.import_vectors("made", [(names(count), np.ones((count, DIM), np.float32))])
            assert np.isfinite(few.map("made").points).all()
