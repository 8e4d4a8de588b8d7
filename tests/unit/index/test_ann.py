"""Writing an index, and what is said when a wish cannot be met."""

from __future__ import annotations

from pathlib import Path
from typing import IO, cast

import numpy as np
import pytest

from lookalike.index import building, tuning
from lookalike.index.ann import Ann, read
from lookalike.index.engine import Effort
from lookalike.types import Halves

FULL = Path("/dev/full")


def rows() -> Halves:
    return np.random.default_rng(0).standard_normal((5000, 32)).astype(np.float16)


def built(name: str) -> Ann:
    everything = np.arange(5000)
    return building.build(name, rows(), everything, "l2", lambda *_: None, lambda: False)


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("name", ["hnsw", "ivfpq"])
def test_a_full_disk_is_said_in_the_systems_own_words(name: str) -> None:
    ann = built(name)
    with FULL.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        ann.write(cast("IO[bytes]", file))


@pytest.mark.parametrize("name", ["hnsw", "ivf", "ivfpq", "rabitq"])
def test_written_and_mapped_it_answers_the_same(name: str, tmp_path: Path) -> None:
    ann = built(name)
    with (tmp_path / "index").open("wb") as file:
        ann.write(file)
    queries = rows()[:20].astype(np.float32)
    for change in (False, True):
        again = read(
            tmp_path / "index", name, "l2", Effort(16, 4), dim=32, count=5000, change=change
        )
        assert np.array_equal(ann.candidates(queries, 5), again.candidates(queries, 5))


def test_the_best_is_taken_when_no_effort_is_quick_enough() -> None:
    everything = np.arange(5000)
    queries = np.random.default_rng(1).standard_normal((60, 32)).astype(np.float32)
    known = tuning.truth(rows(), queries, np.full(60, -1), "l2", None, unit=False)
    ann = built("ivf")
    slow = tuning.tune(ann, rows(), everything, known, 0.99, 1000)
    never = tuning.tune(ann, rows(), everything, known, 0.99, 1e-9)
    assert slow.recall >= 0.99
    assert never.recall >= 0.99


def test_stopping_a_build() -> None:
    with pytest.raises(building.InterruptedBuildError):
        building.build("ivf", rows(), np.arange(5000), "l2", lambda *_: None, lambda: True)


def test_a_build_that_is_stopped_takes_in_one_block_more_at_most() -> None:
    matrix = np.random.default_rng(0).standard_normal((20_000, 2)).astype(np.float16)
    added: list[int] = []

    def heard(stage: str, done: int, _total: int) -> None:
        if stage == "adding":
            added.append(done)

    with pytest.raises(building.InterruptedBuildError):
        building.build("ivf", matrix, np.arange(20_000), "l2", heard, lambda: bool(added))
    assert len(added) == 1
    assert added[0] < 10_000
