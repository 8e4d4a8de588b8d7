"""`lookalike index --engine`: choosing, building, looking at and refreshing an index."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import lookalike
from lookalike.types import Floats
from shell import run

N, DIM = 1400, 16


def vectors(n: int, seed: int) -> Floats:
    return np.random.default_rng(seed).standard_normal((n, DIM)).astype(np.float32)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library large enough for an index."""
    folder = tmp_path_factory.mktemp("large")
    with lookalike.open(folder) as library:
        library.import_vectors("vec", [([f"v{i:04d}" for i in range(N)], vectors(N, 0))])
        library.default_space("vec")
    return folder


def test_from_choosing_to_refreshing(large: Path) -> None:
    auto = run(large, "index")
    assert "exact search" in auto.out
    built = run(large, "index", "--engine", "hnsw", "--recall", "0.9", "--latency", "1s")
    assert built.out.startswith("hnsw over 1,400 vectors, recall@10 0.9")
    assert "Building: hnsw, about" in built.err
    info = run(large, "info", "--json").json["indexes"]["vec"]
    assert (info["engine"], info["vectors"], info["met"]) == ("hnsw", N, True)
    assert info["measured"]["recall"] >= 0.9
    again = run(large, "info", "--recheck", "--json").json
    assert again["indexes"]["vec"]["measured"]["queries"] == 200
    answers = [
        run(large, "search", "id:v0007", *more, "--json").json for more in ((), ("--exact",))
    ]
    ids = [[hit["id"] for hit in answer["hits"]] for answer in answers]
    assert len(set(ids[0]) & set(ids[1])) >= 8
    for options in (("--exact",), ("--page", "1"), ("--within", "0.5")):
        told = run(large, "search", "id:v0007", "--explain", *options).err
        assert "exact scan of 1,400 vectors: as was asked for" in told
    with lookalike.open(large) as library:
        library.import_vectors("vec", [(["new"], vectors(1, 5))])
        assert library.search(vectors(1, 5)[0], 1).ids == ["new"]
    another = run(large, "index", "--refresh", "--engine", "rabitq")
    assert another.code == 2
    assert "--refresh keeps the engine that there is" in another.err
    refreshed = run(large, "index", "--refresh", "--json")
    assert refreshed.json["vectors"] == N + 1
    assert "lacks nothing" in run(large, "index", "--refresh").err
    gone = run(large, "index", "--engine", "exact")
    assert gone.out == "exact search: exact search was asked for\n"
    assert run(large, "info", "--json").json["indexes"] == {}


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--engine", "hsnw"), "Did you mean hnsw?"),
        (("--recall", "1"), "between 0 and 1"),
        (("--recall", "nan"), "between 0 and 1"),
        (("--memory", "lots"), "as 4G"),
        (("--latency", "soon"), "as 10ms"),
        (("--latency", "0ms"), "above 0"),
        (("--engine", "ivf", "--memory", "10k"), "more than"),
        (("--engine", "ivf", "--space", "vex"), "Did you mean vec?"),
    ],
)
def test_what_cannot_be(large: Path, options: tuple[str, ...], word: str) -> None:
    answer = run(large, "index", *options)
    assert answer.code == 2
    assert word in answer.err


def test_without_a_library(tmp_path: Path) -> None:
    answer = run(tmp_path, "index")
    assert answer.code == 1
    assert "lookalike index FOLDER" in answer.err
    assert not (tmp_path / ".lookalike").exists()
