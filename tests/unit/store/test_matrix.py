"""The matrix cache: always what the database says, whatever happened to its files."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from store_making import NOW, duplicate, embedded, unit_half, vector

from lookalike.store import MatrixView, Space, Store, cache
from lookalike.types import Halves, Keys

Write = Callable[..., None]
MANY = 1500


def by_key(keys: Keys, rows: Halves) -> dict[int, bytes]:
    return {int(key): row.tobytes() for key, row in zip(keys, rows, strict=True)}


def shown(view: MatrixView) -> dict[int, bytes]:
    live = np.ones(len(view.keys), bool) if view.dead is None else ~view.dead
    rows = {
        int(key): row.tobytes() for key, row in zip(view.keys[live], view.matrix[live], strict=True)
    }
    tail = {
        int(key): row.tobytes() for key, row in zip(view.tail_keys, view.tail_matrix, strict=True)
    }
    assert not rows.keys() & tail.keys()
    assert view.count == len(rows) + len(tail)
    return rows | tail


def expected(store: Store, space: Space, words: dict[str, str]) -> dict[int, bytes]:
    """By definition: each image's own vector, rounded here."""
    return {
        store.image(id_).key: unit_half(vector(word, space.dim)).tobytes()
        for id_, word in words.items()
    }


@pytest.fixture
def words(write: Write) -> dict[str, str]:
    """A library just large enough for cache files, with one duplicate."""
    words = {f"{i}": f"{i}" for i in range(MANY - 1)} | {"twin": "7"}
    write([embedded(id_) for id_ in words if id_ != "twin"])
    write([duplicate("twin", "7")])
    return words


def files(directory: Path) -> list[str]:
    return sorted(path.name for path in (directory / "cache").iterdir())


def test_a_small_space_needs_no_files(
    store: Store, directory: Path, space: Space, write: Write
) -> None:
    assert store.matrix(space).matrix.shape == (0, 8)
    write([embedded("a"), embedded("b")])
    view = store.matrix(space)
    assert shown(view) == expected(store, space, {"a": "a", "b": "b"})
    assert not (directory / "cache").exists()
    with pytest.raises(ValueError, match="read-only"):
        view.matrix[0, 0] = 1


def test_the_cache_is_mapped_from_its_file(
    store: Store, directory: Path, space: Space, words: dict[str, str]
) -> None:
    view = store.matrix(space)
    assert isinstance(view.matrix, np.memmap)
    assert (view.matrix.dtype, view.matrix.shape) == (np.float16, (MANY, 8))
    assert (np.diff(view.keys) > 0).all()
    assert (view.dead, len(view.tail_keys)) == (None, 0)
    assert shown(view) == expected(store, space, words)
    before = {path: path.stat().st_mtime_ns for path in (directory / "cache").iterdir()}
    assert len(before) == 3
    assert shown(store.matrix(space)) == shown(view)
    assert {path: path.stat().st_mtime_ns for path in (directory / "cache").iterdir()} == before


def test_the_tail_and_the_dead(
    store: Store, space: Space, words: dict[str, str], write: Write
) -> None:
    first = store.matrix(space)
    assert store.refreshed(first) is first
    write([embedded("new"), embedded("3", "changed"), duplicate("new twin", "11")])
    store.remove(["4", "5"])
    words |= {"new": "new", "3": "changed", "new twin": "11"}
    del words["4"], words["5"]
    for view in (store.refreshed(first), store.matrix(space)):
        assert view.base_version == first.version < view.version
        assert view.dead is not None
        assert (view.dead.sum(), len(view.tail_keys)) == (3, 3)
        assert shown(view) == expected(store, space, words)
    again = store.refreshed(view)
    assert again is view
    store.remove(["new"])
    del words["new"]
    view = store.refreshed(view)
    assert len(view.tail_keys) == 2
    assert shown(view) == expected(store, space, words)
    assert first.count == MANY


def test_a_matrix_in_one_piece(
    store: Store, space: Space, words: dict[str, str], write: Write
) -> None:
    store.matrix(space)
    write([embedded("new")])
    store.remove(["4"])
    words["new"] = words.pop("4").replace("4", "new")
    matrix, keys = store.compact(space)
    assert by_key(keys, matrix) == expected(store, space, words)
    assert store.matrix(space).dead is None


def test_past_a_tenth_it_is_made_anew(
    store: Store, directory: Path, space: Space, words: dict[str, str], write: Write
) -> None:
    old = store.matrix(space)
    old_files = files(directory)
    write([embedded(f"new {i}") for i in range(100)])
    store.remove([f"{i}" for i in range(60)])
    view = store.refreshed(old)
    assert (view.dead, len(view.tail_keys), len(view.keys)) == (None, 0, MANY + 40)
    assert len(files(directory)) == 3
    assert files(directory) != old_files
    words = {f"{i}": f"{i}" for i in range(60, MANY - 1)} | {"twin": "7"}
    words |= {f"new {i}": f"new {i}" for i in range(100)}
    assert shown(view) == expected(store, space, words)
    assert len(shown(old)) == MANY, "a view goes on when its files are replaced"


def test_a_view_outlives_its_directory(
    store: Store, directory: Path, space: Space, words: dict[str, str]
) -> None:
    view = store.matrix(space)
    shutil.rmtree(directory / "cache")
    assert shown(view) == expected(store, space, words)
    assert shown(store.matrix(space)) == expected(store, space, words)


def test_a_second_space_comes_later(
    store: Store, space: Space, source: int, words: dict[str, str]
) -> None:
    store.matrix(space)
    colour = store.space_add("colour", {}, "c0ffee", 3, "cosine")
    assert store.matrix(colour).count == 0
    store.write(colour, source, [embedded(f"{i}", dim=3) for i in range(MANY - 1)], NOW)
    assert shown(store.matrix(colour)) == expected(store, colour, words)
    assert shown(store.matrix(space)) == expected(store, space, words)
    store.write(colour, source, [embedded("new", dim=3)], NOW)
    view = store.matrix(colour)
    assert len(view.tail_keys) == 1
    assert shown(view) == expected(store, colour, words | {"new": "new"})
    assert "new" not in store.ids(store.matrix(space).tail_keys)


def flip(path: Path, offset: int = -1) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.write_bytes(data)


def one(directory: Path, pattern: str) -> Path:
    (path,) = (directory / "cache").glob(pattern)
    return path


def edit(directory: Path, **values: object) -> None:
    path = one(directory, "*.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "a flipped bit": lambda d: flip(one(d, "*.f16")),
    "another flipped bit": lambda d: flip(one(d, "*.f16"), 0),
    "a flipped key": lambda d: flip(one(d, "*.npy")),
    "a flipped header": lambda d: flip(one(d, "*.npy"), 1),
    "a truncated matrix": lambda d: one(d, "*.f16").write_bytes(one(d, "*.f16").read_bytes()[:-1]),
    "an empty matrix": lambda d: one(d, "*.f16").write_bytes(b""),
    "truncated keys": lambda d: one(d, "*.npy").write_bytes(one(d, "*.npy").read_bytes()[:-8]),
    "no matrix": lambda d: one(d, "*.f16").unlink(),
    "no keys": lambda d: one(d, "*.npy").unlink(),
    "no manifest": lambda d: one(d, "*.json").unlink(),
    "an empty manifest": lambda d: one(d, "*.json").write_bytes(b""),
    "a manifest that is no table": lambda d: one(d, "*.json").write_bytes(b"[1]"),
    "binary in the manifest": lambda d: one(d, "*.json").write_bytes(b"\xff\xfe"),
    "a foreign fingerprint": lambda d: edit(d, fingerprint="other"),
    "a foreign space": lambda d: edit(d, space="other"),
    "a future version": lambda d: edit(d, data_version=10**6),
    "another history": lambda d: edit(d, token=1),
    "another format": lambda d: edit(d, format=99),
    "another height": lambda d: edit(d, n=MANY - 1),
    "a text for a number": lambda d: edit(d, n="many"),
    "no checksums": lambda d: edit(d, blocks=[]),
    "files elsewhere": lambda d: edit(d, files="../../library"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_cache_is_made_anew(
    store: Store, directory: Path, space: Space, words: dict[str, str], damage: str
) -> None:
    store.matrix(space)
    DAMAGE[damage](directory)
    view = store.matrix(space)
    assert shown(view) == expected(store, space, words)
    assert isinstance(view.matrix, np.memmap)
    assert len(files(directory)) == 3
    assert store.check() == []


def test_doctor_sees_a_damaged_cache(
    store: Store, directory: Path, space: Space, words: dict[str, str]
) -> None:
    store.matrix(space)
    flip(one(directory, "*.f16"))
    (finding,) = store.check()
    assert (finding.kind, finding.repairable) == ("cache", True)
    store.repair()
    assert store.check() == []


def test_a_large_cache_is_checked_at_its_ends(
    store: Store,
    directory: Path,
    space: Space,
    words: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cache, "_CHECK_ALL_BYTES", 0)
    monkeypatch.setattr(cache, "_BLOCK_BYTES", 160)
    monkeypatch.setattr(cache, "_SAMPLED_BLOCKS", 3)
    store.matrix(space)
    for offset in (0, -1):
        flip(one(directory, "*.f16"), offset)
        assert shown(store.matrix(space)) == expected(store, space, words)


def test_a_backup_put_back_does_not_meet_the_cache_of_another_history(
    store: Store, directory: Path, space: Space, words: dict[str, str], write: Write
) -> None:
    store.close()
    shutil.copy(directory / "library.db", directory / "backup")
    with Store.open(directory) as once:
        once.write(space, 1, [embedded("one way")], NOW)
        once.remove(["3"])
        once.compact(space)
    for leftover in directory.glob("library.db*"):
        leftover.unlink()
    shutil.move(directory / "backup", directory / "library.db")
    with Store.open(directory) as again:
        again.remove(["4"])
        again.write(space, 1, [embedded("another way")], NOW)
        del words["4"]
        assert shown(again.matrix(space)) == expected(
            again, space, words | {"another way": "another way"}
        )


def test_a_full_or_read_only_disk_does_not_stop_search(
    store: Store, directory: Path, space: Space, words: dict[str, str], write: Write
) -> None:
    (directory / "cache").write_text("a file where the directory should be")
    view = store.matrix(space)
    assert not isinstance(view.matrix, np.memmap)
    assert shown(view) == expected(store, space, words)
    write([embedded("new")])
    view = store.refreshed(view)
    assert len(view.tail_keys) == 1
    assert shown(view) == expected(store, space, words | {"new": "new"})
    assert len(store.compact(space)[0]) == MANY + 1


def test_a_failed_build_leaves_no_rubbish(
    store: Store,
    directory: Path,
    space: Space,
    words: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert shown(store.matrix(space)) == expected(store, space, words)
    assert files(directory) == []


BUILD = """
import sys, pathlib
from lookalike.store import Store
with Store.open(pathlib.Path(sys.argv[1])) as store:
    sys.stdin.readline()
    for _ in range(20):
        view = store.matrix(store.space("main"))
        assert view.count == 1500 and len(set(view.keys.tolist())) == 1500
        for path in store.directory.joinpath("cache").glob("*.f16"):
            path.unlink(missing_ok=True)
"""


def test_two_processes_build_at_once(
    store: Store, directory: Path, space: Space, words: dict[str, str]
) -> None:
    builders = [
        subprocess.Popen(
            [sys.executable, "-c", BUILD, str(directory)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for builder in builders:
        assert builder.stdin is not None
        builder.stdin.write("go\n")
        builder.stdin.flush()
    for builder in builders:
        _, errors = builder.communicate(timeout=60)
        assert (builder.returncode, errors) == (0, "")
    assert shown(store.matrix(space)) == expected(store, space, words)
    assert not [name for name in files(directory) if name.endswith(".tmp")]


def test_odd_names_of_spaces(store: Store, directory: Path, source: int) -> None:
    outcomes = [embedded(f"{i}") for i in range(1200)]
    for number, name in enumerate(("../../x", "a b", "a_b", "ü" * 300, "a:b")):
        space = store.space_add(name, {}, "same", 8)
        store.write(space, source, outcomes, NOW)
        assert store.matrix(space).count == 1200
        assert len(files(directory)) == 3 * (number + 1)
