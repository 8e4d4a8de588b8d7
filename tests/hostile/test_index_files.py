"""Index files that are cut, changed, of something else or gone: exact search, never a crash."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import faiss
import numpy as np
import pytest

import lookalike
from lookalike.library.library import Library
from lookalike.types import Floats
from shell import run

N, DIM = 1500, 16


def vectors(n: int = N, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).standard_normal((n, DIM)).astype(np.float32)


def blocks(rows: Floats, prefix: str = "v") -> list[tuple[list[str], Floats]]:
    return [([f"{prefix}{i:04d}" for i in range(len(rows))], rows)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    first = tmp_path_factory.mktemp("made") / "exact"
    with lookalike.open(first) as library:
        library.import_vectors("vec", blocks(vectors()))
        library.default_space("vec")
    found = {}
    for engine in ("hnsw", "ivfpq", "ivf", "rabitq"):
        found[engine] = first.with_name(engine)
        shutil.copytree(first, found[engine])
        with lookalike.open(found[engine]) as library:
            library.build_index(engine, recall=0.9)
    return found


@pytest.fixture(params=["hnsw", "ivfpq", "ivf", "rabitq"])
def folder(request: pytest.FixtureRequest, made: dict[str, Path], tmp_path: Path) -> Path:
    shutil.copytree(made[request.param], tmp_path / "library")
    return tmp_path / "library"


def one(folder: Path, suffix: str) -> Path:
    (path,) = (folder / ".lookalike" / "cache").glob(f"index-*{suffix}")
    return path


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def grow(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def flip_first(path: Path) -> None:
    flip(path, 0)


def flip_middle(path: Path) -> None:
    flip(path, path.stat().st_size // 2)


def flip_last(path: Path) -> None:
    flip(path, path.stat().st_size - 1)


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x40
    path.write_bytes(data)


def of_faiss(path: Path) -> None:
    index = faiss.IndexFlatIP(DIM)
    index.add(vectors())
    faiss.write_index(index, str(path))


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: list[Callable[[Path], object]] = [
    cut,
    empty,
    grow,
    flip_first,
    flip_middle,
    flip_last,
    of_faiss,
    a_folder,
    Path.unlink,
]


def ids(library: Library, *, exact: bool = False) -> list[list[str]]:
    return [hits.ids for hits in library.search_many(list(vectors(5, 3)), 10, exact=exact)]


@pytest.mark.parametrize("suffix", [".index", ".keys.npy", ".json"])
def test_damaged_files(folder: Path, suffix: str, tmp_path: Path) -> None:
    sound = {path: path.read_bytes() for path in (folder / ".lookalike/cache").glob("index-*")}
    for damage in DAMAGES:
        if damage is grow and suffix == ".keys.npy":
            continue  # what follows an array is not read
        damage(one(folder, suffix))
        with lookalike.open(folder, create=False) as library:
            assert ids(library) == ids(library, exact=True)
            if damage is not Path.unlink or suffix != ".json":
                told = library.search("id:v0001").explanation
                assert told is not None
                assert "index is damaged" in told.scan
                assert "--refresh --space vec" in told.scan
        for path, data in sound.items():
            if path.is_dir():
                path.rmdir()
            path.write_bytes(data)
    with lookalike.open(folder, create=False) as library:
        assert library.check() == []


def test_doctor_finds_it_and_a_refresh_makes_it_anew(folder: Path) -> None:
    flip_middle(one(folder, ".index"))
    with lookalike.open(folder, create=False) as library:
        (finding,) = library.check()
        assert "search index" in finding.message
        assert finding.repairable
        with pytest.raises(lookalike.LibraryError, match="--refresh"):
            library.recheck_index()
        told = dict(run(folder, "info").rows)["index of vec"]
        assert told == "DAMAGED, not used: lookalike index --refresh --space vec"
        facts = run(folder, "info", "--json").json
        assert (facts["indexes"], facts["damaged_indexes"]) == ({}, ["vec"])
        before, report = library.index_report(), library.refresh_index()
        assert before is not None
        assert report is not None
        assert report.engine == before.engine
        assert library.check() == []


def test_repair_takes_it_out(folder: Path) -> None:
    cut(one(folder, ".index"))
    with lookalike.open(folder, create=False) as library:
        library.repair()
        assert library.check() == []
        assert library.index_report() is None


def change_manifest(folder: Path, change: Callable[[dict], object]) -> None:
    path = one(folder, ".json")
    manifest = json.loads(path.read_bytes())
    change(manifest)
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(token=5),
        lambda m: m.update(data_version=10**6),
        lambda m: m.update(fingerprint="0" * 32),
        lambda m: m.update(dim=4),
        lambda m: m.update(n=7),
        lambda m: m.update(format=99),
        lambda m: m.update(files="../../../library"),
        lambda m: m.update(facts={}),
        lambda m: m["facts"].update(engine="of tomorrow"),
        lambda m: m["facts"].update(effort={"reach": "x", "depth": 1}),
        lambda m: m["facts"].update(metric="l2"),
        lambda m: m.update(blocks=[]),
    ],
)
def test_a_manifest_of_something_else(folder: Path, change: Callable[[dict], object]) -> None:
    change_manifest(folder, change)
    with lookalike.open(folder, create=False) as library:
        assert ids(library) == ids(library, exact=True)
        library.index_report()


def test_a_copy_that_went_another_way(folder: Path, tmp_path: Path) -> None:
    """Two copies of a library change; the index of one is no index of the other."""
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    for place, seed in ((folder, 21), (other, 22)):
        with lookalike.open(place) as library:
            library.import_vectors("vec", blocks(vectors(40, seed), f"s{seed}-"))
            library.refresh_index()
    for path in (folder / ".lookalike/cache").glob("index-*"):
        path.unlink()
    for path in (other / ".lookalike/cache").glob("index-*"):
        shutil.copy(path, folder / ".lookalike/cache" / path.name)
    with lookalike.open(folder, create=False) as library:
        assert ids(library) == ids(library, exact=True)


def test_a_reader_goes_on_while_the_index_is_replaced(folder: Path) -> None:
    with lookalike.open(folder) as reader, lookalike.open(folder) as writer:
        before = ids(reader)
        writer.build_index("ivf", recall=0.99)
        assert ids(reader) == ids(writer)
        writer.build_index("exact")
        assert ids(reader) == ids(reader, exact=True)
        assert len(before) == 5


def test_a_matrix_whose_keys_are_empty(folder: Path) -> None:
    for path in (folder / ".lookalike/cache").glob("*.keys.npy"):
        empty(path)
    with lookalike.open(folder, create=False) as library:
        assert ids(library) == ids(library, exact=True)
