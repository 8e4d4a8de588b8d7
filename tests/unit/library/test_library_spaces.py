"""Spaces on a small library of drawn garments, with the real default model."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import lookalike
from lookalike.demo.garments import draw_catalogue
from lookalike.errors import RecipeMismatchError, UnknownNameError, UsageError

COUNT = 24


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("garments")
    table = draw_catalogue(folder, COUNT)
    with lookalike.open(folder) as library:
        library.add(table, path_column="image", label_column="kind")
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "copy"
    shutil.copytree(made, copy)
    return copy


@pytest.fixture
def library(folder: Path) -> Iterator[lookalike.Library]:
    with lookalike.open(folder) as opened:
        yield opened


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_a_reducer_works_on_stored_vectors_and_opens_no_file(
    library: lookalike.Library, folder: Path
) -> None:
    shutil.rmtree(folder / "images")
    report = library.add_space("quarter", "efficientnet-lite0|mean:4")
    assert (report.embedded, report.rejected) == (COUNT, 0)
    main = library.matrix("main").astype(np.float64)
    expected = unit(main.reshape(COUNT, 320, 4).mean(axis=2))
    assert library.matrix("quarter").shape == (COUNT, 320)
    assert np.allclose(library.matrix("quarter"), expected, atol=1e-3)


def test_a_fitted_reducer_is_learned_on_the_library_and_kept(
    library: lookalike.Library, folder: Path
) -> None:
    library.add_space("small", "efficientnet-lite0|centre|pca:6")
    main = library.matrix("main").astype(np.float64)
    centred = main - main.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    expected = unit(centred @ directions[:6].T)
    found = library.matrix("small").astype(np.float64)
    assert np.allclose(np.abs(found @ found.T), np.abs(expected @ expected.T), atol=5e-3)

    again = library.add_space("small", "efficientnet-lite0|centre|pca:6")
    assert again.offered == 0
    with lookalike.open(folder) as reopened:
        shutil.copy(folder / "images" / "bag-001.jpg", folder / "query.jpg")
        picture = (folder / "query.jpg").read_bytes() + b"\0"
        hits = reopened.search(picture, k=1, space="small")
        assert hits.ids == ["images/bag-001.jpg"]
        assert hits.scores[0] > 0.999


def test_new_images_get_a_vector_in_every_space(library: lookalike.Library, folder: Path) -> None:
    library.add_space("quarter", "efficientnet-lite0|mean:4")
    library.add_space("small", "efficientnet-lite0|centre|pca:6")
    more = draw_catalogue(folder / "more", 3, seed=5)
    library.add(more, path_column="image", id_prefix="more/")
    assert set(library.info().spaces.values()) == {COUNT + 3}
    assert library.search("id:more/images/shirt-001.jpg", space="small", k=3).ids


def test_a_space_of_another_model_is_embedded_from_the_files(
    library: lookalike.Library, folder: Path
) -> None:
    other = lookalike.open(folder / "raw", metric="l2")
    other.add(folder / "images")
    report = other.add_space("unit", "efficientnet-lite0")
    assert (report.embedded, report.rejected) == (COUNT, 0)
    raw = dict(zip(other.ids, other.matrix("main"), strict=True))
    for id_, row in zip(other.ids, other.matrix("unit"), strict=True):
        wide = raw[id_].astype(np.float64)
        assert np.allclose(row, wide / np.linalg.norm(wide), atol=1e-3)
    other.close()


def test_an_image_that_changed_since_is_not_given_a_vector_of_other_bytes(
    library: lookalike.Library, folder: Path
) -> None:
    with lookalike.open(folder / "raw", metric="l2") as other:
        other.add(folder / "images")
        shutil.copy(folder / "images" / "hat-001.jpg", folder / "images" / "bag-001.jpg")
        report = other.add_space("unit", "efficientnet-lite0")
        assert [reject.id for reject in report.rejects] == ["bag-001.jpg"]
        assert other.info().spaces["unit"] == COUNT - 1


def test_weights_mix_spaces(library: lookalike.Library) -> None:
    library.add_space("small", "efficientnet-lite0|centre|pca:6")
    query = library.ids[0]
    mixed = library.search(f"id:{query}", k=5, weights={"main": 3, "small": 1})
    row = library.ids.index(query)
    cosines = []
    for name in ("main", "small"):
        matrix = unit(library.matrix(name).astype(np.float64))
        cosines.append(matrix @ matrix[row])
    total = (3 * cosines[0] + cosines[1]) / 4
    total[row] = -9
    best = np.argsort(-total)[:5]
    assert mixed.ids == [library.ids[i] for i in best]
    assert np.allclose(mixed.scores, total[best], atol=1e-4)


def test_rows_of_another_space_are_named_by_its_own_ids(library: lookalike.Library) -> None:
    ids = ["a word", *library.ids[5:2:-1]]
    vectors = np.random.default_rng(3).normal(size=(4, 8)).astype(np.float32)
    library.import_vectors("text", [(ids, vectors)])
    found = dict(zip(library.ids_in("text"), library.matrix("text"), strict=True))
    for id_, vector in zip(ids, unit(vectors.astype(np.float64)), strict=True):
        assert np.allclose(found.pop(id_), vector, atol=1e-3)
    assert found == {}
    assert library.ids_in() == library.ids
    with pytest.raises(UnknownNameError, match="text"):
        library.ids_in("texts")
    with pytest.raises(UnknownNameError, match="text"):
        library.knows_words("texts")


def test_switching_the_default_keeps_the_old_space(library: lookalike.Library) -> None:
    library.add_space("small", "efficientnet-lite0|centre|pca:6")
    library.default_space("small")
    assert library.space.name == "small"
    assert len(library.search("id:" + library.ids[0], k=3)) == 3
    assert library.matrix("main").shape == (COUNT, 1280)
    for dry_run in (True, False):
        with pytest.raises(UsageError, match="default"):
            library.drop_space("small", dry_run=dry_run)
        with pytest.raises(UnknownNameError, match="Did you mean small"):
            library.drop_space("smal", dry_run=dry_run)
    library.default_space("main")
    assert library.drop_space("small", dry_run=True) == COUNT
    assert library.drop_space("small") == COUNT
    assert [space.name for space in library.spaces()] == ["main"]


@pytest.mark.parametrize(
    ("spec", "error", "said"),
    [
        ("efficientnet-lite0|mean:3", UsageError, "leaves 2"),
        ("efficientnet-lite0|pca:500", UsageError, "there are 24"),
        ("efficientnet-lite0|lsh:8|mean:2", UsageError, "bits"),
        ("efficientnet-lite1", UnknownNameError, "efficientnet-lite0"),
        ("efficientnet-lite0|means:4", UnknownNameError, "mean"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_no_space(
    library: lookalike.Library, spec: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        library.add_space("odd", spec)
    assert [space.name for space in library.spaces()] == ["main"]


def test_a_name_stands_for_one_recipe(library: lookalike.Library) -> None:
    library.add_space("quarter", "efficientnet-lite0|mean:4")
    with pytest.raises(RecipeMismatchError, match=r"mean:4, not with efficientnet-lite0\|mean:5"):
        library.add_space("quarter", "efficientnet-lite0|mean:5")


def test_weights_that_mean_nothing_are_refused(library: lookalike.Library) -> None:
    with pytest.raises(UsageError, match="zero"):
        library.search("id:" + library.ids[0], weights={"main": 0})
    with pytest.raises(UnknownNameError, match="main"):
        library.search("id:" + library.ids[0], weights={"mein": 1})


def test_hashed_vectors_are_searched_by_the_bits_that_differ(
    library: lookalike.Library, folder: Path
) -> None:
    (folder / "images").rename(folder / "elsewhere")
    assert library.add_space("bits", "efficientnet-lite0|lsh:200,seed=628").embedded == COUNT
    (folder / "elsewhere").rename(folder / "images")
    main = library.matrix("main").astype(np.float64)
    normals = np.random.Generator(np.random.PCG64(628)).uniform(-1, 1, (200, 1280))
    sides = main @ normals.T > 0
    query = library.ids[3]
    hits = library.search(f"id:{query}", k=COUNT, space="bits")
    differing = {id_: int((sides[i] != sides[3]).sum()) for i, id_ in enumerate(library.ids)}
    assert [differing[id_] for id_ in hits.ids] == hits.distances.tolist()
    assert hits.distances.tolist() == sorted(d for id_, d in differing.items() if id_ != query)
    assert np.allclose(hits.scores, np.cos(np.pi * hits.distances / 200), atol=1e-5)
    picture = (folder / "images" / "bag-001.jpg").read_bytes() + b"\0"
    assert library.search(picture, k=1, space="bits").ids == ["images/bag-001.jpg"]
    with pytest.raises(UsageError, match="hamming"):
        library.search(f"id:{query}", space="bits", metric="l2")
    with pytest.raises(UsageError, match="cosines"):
        library.search(f"id:{query}", weights={"main": 1, "bits": 1})
