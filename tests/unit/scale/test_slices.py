"""Which shard an image belongs to, how shards are asked for, and what is refused at once."""

from collections import Counter, defaultdict
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest

from lookalike.errors import LookalikeError, MissingExtraError, UsageError
from lookalike.scale.job import Job, parse_shard, shard_of, slice_of
from lookalike.scale.workers import told_by_worker
from lookalike.store.records import Space
from lookalike.store.vectors import to_blob
from lookalike.types import Reference
from shell import photos, run


def test_every_image_belongs_to_one_shard_wherever_it_is_looked_at(tmp_path: Path) -> None:
    names = photos(tmp_path, range(40))
    job = Job(str(tmp_path), "out", 3, id_prefix="a/", limit=30)
    seen: Counter[str] = Counter()
    placed = {}
    for number in (1, 2, 3):
        places: defaultdict[str, list[int]] = defaultdict(list)
        for item in slice_of(job.opened(), job, number, places):
            assert isinstance(item, Reference)
            digest = blake2b(item.id.encode(), digest_size=8).digest()
            assert number == int.from_bytes(digest) % 3 + 1
            seen[item.id] += 1
        placed |= places
    assert seen == Counter({f"a/{name}": 1 for name in names[:30]})
    assert placed == {f"a/{name}": [place] for place, name in enumerate(names[:30])}


def test_slices_are_of_about_one_size() -> None:
    sizes = Counter(shard_of(f"{number}.jpg", 16) for number in range(16_000))
    assert sorted(sizes) == list(range(1, 17))
    assert min(sizes.values()) > 850
    assert max(sizes.values()) < 1150


@pytest.mark.parametrize("text", ["0/4", "5/4", "4", "1/0", "a/b", "-1/4", "1/4/8", "1/1e3", ""])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="I from 1 to N"):
        parse_shard(text)
    assert parse_shard("3/16") == (3, 16)


def test_a_vector_that_was_kept_before_stays_to_the_last_bit() -> None:
    space = Space(0, "main", {"reducers": [], "model": "x"}, "f", 1280, "cosine", 0)
    for seed in range(20):
        vector = np.random.default_rng(seed).standard_normal(1280).astype(np.float32)
        kept = to_blob(vector, space)
        assert to_blob(np.frombuffer(kept, "<f2"), space) == kept
    twice = (2 * np.frombuffer(kept, "<f2")).astype(np.float16)
    assert abs(np.linalg.norm(np.frombuffer(to_blob(twice, space), "<f2").astype(float)) - 1) < 1e-3


def test_the_error_of_a_worker_is_found_in_its_traceback() -> None:
    named = "lookalike.errors.SourceError: There is no 'x'. Check the path."
    error = LookalikeError(
        f"Job aborted.\nTraceback:\n  File x\n{named}\n\nDriver stacktrace:\n at"
    )
    assert told_by_worker(error) == named


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--shard", "1/2"), "--out"),
        (("--out", "o"), "--shard"),
        (("--shard", "1/2", "--runner", "local", "--out", "o"), "one of the two"),
        (("--shard", "1/2", "--out", "o", "--prune"), "--prune"),
        (("--shard", "3/2", "--out", "o"), "I from 1 to N"),
        (("--runner", "sparc", "--out", "o"), "spark"),
    ],
)
def test_contradictions_are_wrong_usage(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    photos(tmp_path / "photos", [1])
    done = run(tmp_path, "index", "photos", *arguments)
    assert done.code == 2
    assert said in done.err
    assert not (tmp_path / "o").exists()


def test_without_pyarrow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    from lookalike.scale.storage import Storage

    with pytest.raises(MissingExtraError, match=r"lookalike\[tables\]"):
        Storage("somewhere")
