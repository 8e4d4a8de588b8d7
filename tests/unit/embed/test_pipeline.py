"""The pipeline with real decoders and a tiny network whose answers are known beforehand."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from tiny import (
    BLACK,
    PINK,
    PREPROCESSING,
    WHITE,
    Memory,
    TinyNetwork,
    bmp,
    colour,
    id_of,
    offer,
    tiny_way,
)

from lookalike.embed import pipeline as pipeline_module
from lookalike.embed.embedder import Embedder
from lookalike.embed.pipeline import CHEAP_GROUP, GROUP, REMEMBERED, Pipeline
from lookalike.embed.plan import CHUNK
from lookalike.errors import DuplicateIdError, SourceError
from lookalike.images.pool import DecodePool
from lookalike.types import (
    Duplicate,
    Embedded,
    File,
    Outcome,
    Reference,
    Rejected,
    Unchanged,
    outcome_kind,
)


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    with DecodePool(PREPROCESSING, workers=2, slots=32) as pool:
        yield pool
        assert pool.free_slots == 32, "a slot was not given back"


class Run:
    """A pipeline whose outcomes are taken in by a catalog, as a library would."""

    def __init__(self, pool: DecodePool, memory: Memory | None = None) -> None:
        self.memory = memory or Memory()
        self.network = TinyNetwork()
        self.opened = 0
        self.groups: list[list[Outcome]] = []
        self.pipeline = Pipeline(pool, self._open, self.memory)

    def _open(self) -> Embedder:
        self.opened += 1
        if self.opened == 1:
            self._embedder = Embedder(tiny_way(self.network), streams=2)
        return self._embedder

    def over(
        self, offered: Iterable[Reference | Rejected], stop: Callable[[], bool] = lambda: False
    ) -> list[Outcome]:
        try:
            for group in self.pipeline.run(offered, stop):
                self.memory.take_in(group)
                self.groups.append(group)
        finally:
            if self.opened:
                self._embedder.close()
        return self.outcomes

    @property
    def outcomes(self) -> list[Outcome]:
        return [outcome for group in self.groups for outcome in group]


def kinds(outcomes: Iterable[Outcome]) -> list[str]:
    return [outcome_kind(outcome) for outcome in outcomes]


def age(paths: Iterable[Path], seconds: int = 60) -> None:
    """Make files older, so that their time alone tells them unchanged."""
    for path in paths:
        now = path.stat().st_mtime_ns
        os.utime(path, ns=(now, now - seconds * 10**9))


def test_every_image_gets_its_own_vector_in_the_order_offered(
    pool: DecodePool, tmp_path: Path
) -> None:
    references = offer(tmp_path, map(colour, range(150)))
    run = Run(pool)
    outcomes = run.over(references)
    assert list(map(id_of, outcomes)) == [reference.id for reference in references]
    for number, outcome in enumerate(outcomes):
        assert isinstance(outcome, Embedded)
        np.testing.assert_array_equal(outcome.vector, colour(number))
        assert (outcome.content.width, outcome.content.format) == (8, "BMP")
        assert outcome.stamp.size == len(bmp(colour(number)))
    assert max(map(len, run.groups)) <= GROUP


def test_the_four_outcomes_add_up_to_what_was_offered(pool: DecodePool, tmp_path: Path) -> None:
    references: list[Reference | Rejected] = [*offer(tmp_path, map(colour, range(40)))]
    references += offer(tmp_path, [colour(3)], start=40)
    (tmp_path / "broken.bmp").write_bytes(bmp(BLACK)[:70])
    references.insert(5, Reference("broken", File(str(tmp_path / "broken.bmp"))))
    references.insert(20, Reference("gone", File(str(tmp_path / "gone.bmp"))))
    references.insert(30, Rejected("row 7", "table.csv", "bad-row", "no path"))
    outcomes = Run(pool).over(references)
    assert Counter(kinds(outcomes)) == {"embedded": 40, "duplicate": 1, "rejected": 3}
    assert [id_of(outcome) for outcome in outcomes] == [reference.id for reference in references]
    reasons = {outcome.id: outcome.reason for outcome in outcomes if isinstance(outcome, Rejected)}
    assert reasons == {"broken": "truncated", "gone": "missing", "row 7": "bad-row"}


def test_nothing_offered_is_no_trouble_and_opens_no_network(pool: DecodePool) -> None:
    run = Run(pool)
    assert run.over([]) == []
    assert run.opened == 0


def test_stopping_gives_what_is_under_way_and_begins_nothing_more(
    pool: DecodePool, tmp_path: Path
) -> None:
    references = offer(tmp_path, map(colour, range(500)))
    run = Run(pool)
    outcomes = run.over(references, stop=lambda: bool(run.groups))
    assert GROUP <= len(outcomes) < 500 - GROUP
    assert list(map(id_of, outcomes)) == [reference.id for reference in references[: len(outcomes)]]
    assert set(kinds(outcomes)) == {"embedded"}


@pytest.mark.parametrize("good", [0, 10, CHUNK, CHUNK + 30])
def test_what_a_source_gave_before_it_failed_is_given(
    pool: DecodePool, tmp_path: Path, good: int
) -> None:
    references = offer(tmp_path, map(colour, range(good)))

    def failing() -> Iterator[Reference]:
        yield from references
        raise SourceError("the table ends in the middle of a row")

    run = Run(pool)
    with pytest.raises(SourceError, match="middle of a row"):
        run.over(failing())
    assert list(map(id_of, run.outcomes)) == [reference.id for reference in references]
    assert set(kinds(run.outcomes)) <= {"embedded"}


def test_the_same_content_is_embedded_once(pool: DecodePool, tmp_path: Path) -> None:
    references = offer(tmp_path, [colour(number % 5) for number in range(60)])
    run = Run(pool)
    outcomes = run.over(references)
    assert kinds(outcomes) == ["embedded"] * 5 + ["duplicate"] * 55
    assert run.network.images == 8, "two batches of four"
    first = [outcome.content.sha256 for outcome in outcomes[:5] if isinstance(outcome, Embedded)]
    for number, outcome in enumerate(outcomes[5:], 5):
        assert isinstance(outcome, Duplicate)
        assert outcome.sha256 == first[number % 5]


def test_vectors_that_cannot_be_used_are_rejected_alone(pool: DecodePool, tmp_path: Path) -> None:
    colours = [colour(1), BLACK, colour(2), WHITE, PINK, colour(3)]
    outcomes = Run(pool).over(offer(tmp_path, colours))
    assert kinds(outcomes) == [
        "embedded", "rejected", "embedded", "rejected", "rejected", "embedded"
    ]  # fmt: skip
    for one, outcome in zip(colours, outcomes, strict=True):
        if isinstance(outcome, Embedded):
            np.testing.assert_array_equal(outcome.vector, one)
        else:
            assert isinstance(outcome, Rejected)
            assert outcome.reason == "bad-vector"


def test_the_twin_of_a_rejected_image_is_rejected_too(pool: DecodePool, tmp_path: Path) -> None:
    outcomes = Run(pool).over(offer(tmp_path, [BLACK, colour(1), BLACK, BLACK]))
    assert kinds(outcomes) == ["rejected", "embedded", "rejected", "rejected"]
    assert {o.reason for o in outcomes if isinstance(o, Rejected)} == {"bad-vector"}


def test_a_source_is_read_only_so_far_ahead(pool: DecodePool, tmp_path: Path) -> None:
    references = offer(tmp_path, map(colour, range(40)))
    ahead: list[int] = []

    def endless() -> Iterator[Reference]:
        for number in count():
            ahead.append(number + 1 - len(run.outcomes))
            yield replace(references[number % 40], id=str(number))

    run = Run(pool)
    run.over(endless(), stop=lambda: len(run.outcomes) > 3000)
    assert max(ahead) <= CHUNK + CHEAP_GROUP


def test_little_is_remembered_of_what_was_done(
    pool: DecodePool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert REMEMBERED > CHUNK + CHEAP_GROUP, "or content could slip between library and memory"
    monkeypatch.setattr(pipeline_module, "REMEMBERED", 20)
    run = Run(pool)
    run.over(offer(tmp_path, map(colour, range(100))))
    remembered = run.pipeline._fresh.values()
    assert len(remembered) == 20
    assert all(entry.batch is None and entry.decoding is None for entry in remembered)
    assert not run.pipeline._waiting
    assert not run.pipeline._decoding


def test_a_second_run_opens_no_file_and_no_network(pool: DecodePool, tmp_path: Path) -> None:
    references = offer(tmp_path, map(colour, range(50)))
    age(tmp_path.iterdir())
    first = Run(pool)
    first.over(references)
    for path in tmp_path.iterdir():
        stamp = path.stat()
        path.write_bytes(b"\0" * stamp.st_size)
        os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    second = Run(pool, first.memory)
    assert kinds(second.over(references)) == ["unchanged"] * 50
    assert second.opened == 0


def test_files_are_read_again_when_their_time_says_little(pool: DecodePool, tmp_path: Path) -> None:
    references = offer(tmp_path, map(colour, range(6)))
    first = Run(pool)
    first.over(references)
    paths = [Path(reference.location.path) for reference in references]
    age(paths[2:])
    paths[4].write_bytes(bmp(colour(99)))
    paths[5].write_bytes(bmp(colour(0)))
    first.memory.images["00000.bmp"] = replace(
        first.memory.images["00000.bmp"], checked_ns=paths[0].stat().st_mtime_ns + 10**9
    )
    second = Run(pool, first.memory)
    outcomes = second.over(references)
    assert kinds(outcomes) == ["unchanged"] * 4 + ["embedded", "duplicate"]
    assert isinstance(outcomes[4], Embedded)
    np.testing.assert_array_equal(outcomes[4].vector, colour(99))


def test_a_content_without_a_vector_in_this_space_gets_one(
    pool: DecodePool, tmp_path: Path
) -> None:
    references = offer(tmp_path, [colour(1), colour(2)])
    first = Run(pool)
    first.over(references)
    known = first.memory.images["00001.bmp"]
    first.memory.images["00001.bmp"] = replace(known, missing_vector=True)
    first.memory.sizes[known.stamp.size].remove(known.sha256)
    assert kinds(Run(pool, first.memory).over(references)) == ["unchanged", "embedded"]


def test_two_files_with_one_id_end_the_run_and_what_came_before_is_kept(
    pool: DecodePool, tmp_path: Path
) -> None:
    first = Run(pool)
    first.over(offer(tmp_path, map(colour, range(3))))
    other = tmp_path / "other"
    other.mkdir()
    second = Run(pool, first.memory)
    claims = [*offer(other, [colour(7)], start=3), *offer(other, [colour(8)], start=0)]
    with pytest.raises(DuplicateIdError, match=r"00000\.bmp"):
        second.over(claims)
    assert list(map(id_of, second.outcomes)) == ["00003.bmp"]


def test_a_file_that_moved_keeps_its_vector(pool: DecodePool, tmp_path: Path) -> None:
    first = Run(pool)
    (before,) = first.over(offer(tmp_path, [colour(4)]))
    moved = (tmp_path / "00000.bmp").rename(tmp_path / "moved.bmp")
    same_id = Reference("00000.bmp", File(str(moved)))
    new_id = Reference("moved.bmp", File(str(moved)))
    second = Run(pool, first.memory)
    outcomes = second.over([same_id, new_id])
    assert isinstance(before, Embedded)
    assert isinstance(outcomes[0], Unchanged)
    assert isinstance(outcomes[1], Duplicate)
    assert outcomes[1].sha256 == before.content.sha256
    assert second.opened == 0
