"""An index and a filter as contenders, held against brute force."""

import numpy as np
import pytest

import lookalike
from lookalike.errors import UsageError
from lookalike.evaluate.contenders import parse_mix, split_mixes
from lookalike.library.library import Library

COUNT = 1200


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Vectors of five classes, half of them in a file of columns as `even`."""
    folder = tmp_path_factory.mktemp("engines")
    generator = np.random.default_rng(0)
    codes = generator.integers(0, 5, COUNT)
    vectors = np.eye(16)[codes] + generator.normal(0, 0.5, (COUNT, 16))
    ids = [f"{'abcde'[code]}-{number:04d}" for number, code in enumerate(codes)]
    opened = lookalike.open(folder, model="pixels")
    opened.import_vectors("given", [(ids, vectors.astype(np.float32))])
    opened.label("kind", {id_: id_[0] for id_ in ids})
    opened.label("half", {id_: "even" if int(id_[2:]) % 2 == 0 else "odd" for id_ in ids})
    return opened


def truth(library: Library, k: int, only_even: bool) -> float:
    matrix = library.matrix("given").astype(np.float32)
    ids = library._store.ids(library._store.compact(library._store.space("given"))[1])
    scores = matrix @ matrix.T
    np.fill_diagonal(scores, -np.inf)
    if only_even:
        scores[:, [int(str(id_)[2:]) % 2 == 1 for id_ in ids]] = -np.inf
    top = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    kinds = np.array([str(id_)[0] for id_ in ids])
    return float((kinds[top] == kinds[:, None]).mean())


def test_contenders_are_told_apart_at_commas_outside_of_brackets() -> None:
    text = "main,main:index,a=1+b=2[kind in (x, y)]"
    parts = split_mixes(text)
    assert parts == ["main", "main:index", "a=1+b=2[kind in (x, y)]"]
    mixes = [parse_mix(part) for part in parts]
    assert [mix.by_index for mix in mixes] == [False, True, False]
    assert mixes[2].where == "kind in (x, y)"
    assert mixes[2].weights == {"a": 1.0, "b": 2.0}
    with pytest.raises(UsageError, match="one space"):
        parse_mix("a=1+b=2:index")


def test_an_exact_index_and_a_filter_are_measured_as_brute_force_does(library: Library) -> None:
    library.build_index("hnsw", space="given")
    library.refresh_index(space="given")
    found = library.evaluate(
        "kind", spaces=["given", "given:index", "given[half = even]"], k=5, metric="precision"
    )
    exact, index, even = (one.figures["precision@5"].value for one in found.contenders)
    assert exact == pytest.approx(truth(library, 5, only_even=False), abs=2e-3)
    assert even == pytest.approx(truth(library, 5, only_even=True), abs=2e-3)
    assert index == pytest.approx(exact, abs=0.02)
    assert len(found.comparisons) == 3
    assert any("index is asked for 5" in warning for warning in found.warnings)
    recalls = [one.figures["recall@5"].value for one in found.contenders]
    assert recalls[1] == pytest.approx(recalls[0], abs=0.01)


def test_a_space_without_an_index_says_how_to_build_one(library: Library) -> None:
    library.import_vectors("bare", [(["a-0001", "b-0002"], np.eye(2, 4, dtype=np.float32))])
    with pytest.raises(UsageError, match="no index"):
        library.evaluate("id", spaces=["bare:index"])
    library.drop_space("bare")


def test_imported_vectors_can_be_taught_with_labels_given_here(library: Library) -> None:
    done = library.teach("better", column="kind", space="given", force=True)
    assert done.report.embedded == COUNT
    assert done.lesson.after > done.lesson.before
    matrix = library.matrix("given").astype(np.float32)
    mapped = (matrix - done.lesson.map.mean) @ done.lesson.map.weights
    mapped /= np.linalg.norm(mapped, axis=1, keepdims=True)
    np.testing.assert_allclose(library.matrix("better"), mapped, atol=2e-3)
    found = library.evaluate("kind", spaces=["given", "better"], metric="map@r")
    assert found.comparisons[0].difference.value > 0
    assert library.search(f"id:{library.filter('kind = a')[0]}", space="better").ids
