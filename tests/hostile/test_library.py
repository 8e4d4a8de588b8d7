"""A library that is too new, damaged, in use or not writable: a clear sentence, nothing lost."""

import json
import shutil
import sqlite3
import time

import numpy as np
import pytest

import lookalike
from lookalike.store.store import Store
from lookalike.types import Content, Embedded, File, Reference, Stamp
from shell import index, photo, photos, run, start


@pytest.fixture(scope="module")
def indexed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library")
    photos(folder / "in", range(8))
    index(folder, "in")
    return folder


@pytest.fixture
def album(indexed, tmp_path):
    """A copy of a small library, to be damaged."""
    shutil.copytree(indexed / ".lookalike", tmp_path / ".lookalike")
    return tmp_path


def ill(folder) -> list[dict]:
    """What `doctor` finds wrong; its exit code and its word must agree with that."""
    done = run(folder, "doctor", "--json")
    found = done.json
    bad = [check for check in found["checks"] if not check["well"]]
    assert (done.code == 0) == found["well"] == (not bad)
    return bad


def test_a_library_of_a_newer_version_is_refused_and_left_alone(album):
    database = album / ".lookalike" / "library.db"
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA user_version = 4711")
    connection.close()
    before = database.read_bytes()

    for arguments in (["search", "id:000.jpg"], ["index", "."], ["info"], ["remove", "000.jpg"]):
        done = run(album, *arguments)
        assert (done.code, done.out) == (1, "")
        assert "newer version of lookalike" in done.err
        assert "pip install -U lookalike" in done.err
    (finding,) = ill(album)
    assert finding["name"] == "library"
    assert "newer version" in finding["found"]
    assert database.read_bytes() == before


@pytest.mark.parametrize("where", ["beginning", "middle", "text"])
def test_a_damaged_database_is_said_so_and_never_made_worse(album, where):
    database = album / ".lookalike" / "library.db"
    size = database.stat().st_size
    with database.open("r+b") as file:
        if where == "text":
            file.truncate(0)
            file.write(b"I am no database, only a text file.\n" * 100)
        else:
            file.seek(0 if where == "beginning" else 8192)
            file.write(b"\xa5" * (100 if where == "beginning" else size // 2))
    before = database.read_bytes()

    findings = ill(album)
    assert any("damaged" in finding["found"] for finding in findings)
    done = run(album, "index", ".", "--json")
    assert done.code == 1
    assert "damaged" in done.err
    assert "lookalike doctor" in done.err
    assert database.read_bytes() == before


def test_an_empty_database_is_said_so_until_it_is_filled_again(album):
    database = album / ".lookalike" / "library.db"
    database.write_bytes(b"")
    (finding,) = ill(album)
    assert "library.db is empty" in finding["found"]
    assert run(album, "search", "id:000.jpg").code == 1
    assert database.read_bytes() == b""
    photo(album / "a.jpg", 1)
    assert index(album, ".")["embedded"] == 1
    assert ill(album) == []


def test_a_database_of_another_program_is_not_touched(tmp_path):
    (tmp_path / ".lookalike").mkdir()
    database = tmp_path / ".lookalike" / "library.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()
    before = database.read_bytes()

    done = run(tmp_path, "index", ".")
    assert done.code == 1
    assert "another program" in done.err
    assert database.read_bytes() == before


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A library of 1,500 made-up vectors, which is enough for a cache on disk."""
    folder = tmp_path_factory.mktemp("large")
    vectors = np.random.default_rng(1).normal(size=(1500, 1280)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with lookalike.open(folder) as library:
        space, directory = library.space, library.directory
    with Store.open(directory) as store:
        source = store.source("made up")
        outcomes = [
            Embedded(
                Reference(f"{n:04d}", File(f"/nowhere/{n}.jpg")),
                Stamp(1, 1),
                Content(n.to_bytes(32, "big"), 1, 10, 10, "PNG", 0),
                vector,
            )
            for n, vector in enumerate(vectors)
        ]
        store.write(space, source, outcomes, 0)
    stored = vectors.astype(np.float16).astype(np.float64)
    nearest = np.argsort(-(stored @ stored[7]))
    return folder, [f"{n:04d}" for n in nearest if n != 7][:10]


def found(folder) -> list[str]:
    return [hit["id"] for hit in run(folder, "search", "id:0007", "--json").json["hits"]]


def test_whatever_happens_to_the_cache_the_answers_stay_right(large, tmp_path):
    original, expected = large
    shutil.copytree(original, tmp_path / "copy")
    folder = tmp_path / "copy"
    cache = folder / ".lookalike" / "cache"
    assert found(folder) == expected
    (rows,) = cache.glob("*.f16")
    (manifest,) = cache.glob("*.json")

    with rows.open("r+b") as file:
        file.write(b"\xff" * 4096)
    assert "cache" in [finding["name"] for finding in ill(folder)]
    assert found(folder) == expected
    assert ill(folder) == []

    for path in list(cache.iterdir()):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    repaired = run(folder, "doctor", "--repair", "--json")
    assert (repaired.code, repaired.json["repaired"]) == (0, True)
    assert found(folder) == expected

    lying = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(lying | {"n": lying["n"] - 500}))
    assert found(folder) == expected
    for path in list(cache.iterdir()):
        path.unlink()
        path.mkdir()
    assert found(folder) == expected
    shutil.rmtree(cache)
    cache.write_text("in the way")
    assert found(folder) == expected


def test_a_damaged_model_cache_is_made_anew(tmp_path):
    models = tmp_path / "models"
    photo(tmp_path / "a.jpg", 3, quality=75)
    first = run(tmp_path, "embed", "a.jpg", LOOKALIKE_CACHE=str(tmp_path))
    (kept,) = models.iterdir()
    data = bytearray(kept.read_bytes())
    kept.write_bytes(data[:-1000] + bytes(1000))
    again = run(tmp_path, "embed", "a.jpg", LOOKALIKE_CACHE=str(tmp_path))
    assert again.out == first.out
    assert kept.read_bytes() == data

    (tmp_path / "blocked").write_text("a file where a folder should be")
    blocked = run(tmp_path, "embed", "a.jpg", LOOKALIKE_CACHE=str(tmp_path / "blocked"))
    assert blocked.out == first.out


def test_two_writers_at_once_the_second_names_the_first_and_readers_never_wait(indexed, tmp_path):
    shutil.copytree(indexed, tmp_path / "both")
    folder = tmp_path / "both"
    photo(folder / "new.jpg", 99)
    with start(folder, "index", "-", "--json", stdin=-1) as first:
        lock = folder / ".lookalike" / "lock"
        deadline = time.monotonic() + 30
        while not lock.read_text().startswith(f"{first.pid}\n"):
            assert time.monotonic() < deadline, "the first writer took no lock"
            time.sleep(0.05)

        for arguments in (["index", "new.jpg"], ["remove", "001.jpg"]):
            second = run(folder, *arguments)
            assert (second.code, second.out) == (1, "")
            assert f"is being written by process {first.pid} (" in second.err
            assert " index - --json)" in second.err
        assert len(run(folder, "search", "id:001.jpg", "--json").json["hits"]) == 7

        out, err = first.communicate(b"new.jpg\n", timeout=60)
        assert first.returncode == 0, err
        assert json.loads(out)[0]["embedded"] == 1
    assert run(folder, "info", "--json").json["images"] == 9
    assert run(folder, "remove", "001.jpg").code == 0


def test_a_writer_that_was_killed_leaves_no_lock(indexed, tmp_path):
    shutil.copytree(indexed, tmp_path / "left")
    folder = tmp_path / "left"
    with start(folder, "index", "-", stdin=-1) as first:
        lock = folder / ".lookalike" / "lock"
        while not lock.read_text().startswith(f"{first.pid}\n"):
            time.sleep(0.05)
        first.kill()
    assert run(folder, "remove", "001.jpg").code == 0


def test_a_file_where_the_library_should_be(tmp_path):
    (tmp_path / ".lookalike").write_text("in the way")

    done = run(tmp_path, "index", ".")

    assert (done.code, done.out) == (1, "")
    assert str(tmp_path / ".lookalike") in done.err
