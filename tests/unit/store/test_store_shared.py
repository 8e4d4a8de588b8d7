"""Several at once: writers, readers while writing, threads, and writers that die."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from store_making import NOW, embedded

from lookalike.errors import LibraryBusyError, LibraryError
from lookalike.store import Space, Store
from lookalike.store.lock import WriterLock

Write = Callable[..., None]

HOLD = """
import sys, pathlib
from lookalike.store import Store
store = Store.open(pathlib.Path(sys.argv[1]))
with store.writing():
    print("held", flush=True)
    sys.stdin.readline()
"""

WRITE_FOREVER = """
import sys, pathlib
from lookalike.store import Store
from store_making import NOW, embedded
store = Store.open(pathlib.Path(sys.argv[1]))
space, source = store.space("main"), store.source("/photos")
with store.writing():
    for number in range(10**9):
        store.write(space, source, [embedded(f"{number}-{i}") for i in range(5)], NOW)
        print(number, flush=True)
"""


@contextmanager
def python(code: str, directory: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_second_writer_is_told_who_the_first_is(
    store: Store, directory: Path, write: Write
) -> None:
    write([embedded("a")])
    with python(HOLD, directory) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(LibraryBusyError, match=rf"process {process.pid} \(-c"):
            write([embedded("b")])
        assert store.image("a").id == "a"
        store.set_thumbnail(store.image("a").content_key, b"no lock is needed")
        process.communicate("go\n")
        write([embedded("b")])
    assert store.counts().images == 2


def test_opening_to_read_needs_no_lock(store: Store, directory: Path, write: Write) -> None:
    write([embedded("a")])
    with python(HOLD, directory) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with Store.create(directory) as other:
            assert other.source("/photos") == 1
            assert other.matrix(other.space("main")).count == 1


def test_what_was_reported_survives_a_kill(store: Store, directory: Path, space: Space) -> None:
    store.source("/photos")
    for _ in range(3):
        store.remove(f"{number}-{i}" for number in range(1000) for i in range(5))
        with python(WRITE_FOREVER, directory) as process:
            assert process.stdout is not None
            for _ in range(5):
                reported = int(process.stdout.readline())
            process.kill()
            process.wait()
        assert store.check() == []
        for number in range(reported + 1):
            for i in range(5):
                assert store.vector(space, store.image(f"{number}-{i}").key).shape == (8,)
        assert store.counts().images % 5 == 0


def test_readers_see_whole_batches_while_a_writer_works(
    store: Store, directory: Path, space: Space
) -> None:
    store.source("/photos")
    with python(WRITE_FOREVER, directory) as process, Store.open(directory) as other:
        assert process.stdout is not None
        process.stdout.readline()
        deadline = time.monotonic() + 0.5
        seen = 0
        while time.monotonic() < deadline:
            view = other.matrix(space)
            assert view.count % 5 == 0
            assert view.count >= seen
            seen = view.count
        assert seen > 0


def test_many_threads_read_while_one_writes(store: Store, write: Write, space: Space) -> None:
    write([embedded("first")])
    done = threading.Event()

    def read() -> int:
        looks = 0
        while not done.is_set():
            key = store.image("first").key
            assert store.vector(space, key).shape == (8,)
            assert store.refreshed(store.matrix(space)).count >= 1
            looks += 1
        return looks

    with ThreadPoolExecutor(6) as pool:
        readers = [pool.submit(read) for _ in range(6)]
        for number in range(50):
            write([embedded(str(number))])
        done.set()
        assert all(reader.result() > 0 for reader in readers)
    assert store.counts().images == 51


def test_threads_of_one_store_write_in_turn(store: Store, space: Space, source: int) -> None:
    with store.writing(), ThreadPoolExecutor(4) as pool:
        for number in range(40):
            pool.submit(store.write, space, source, [embedded(str(number))], NOW)
    assert store.counts().images == 40


def test_an_exception_in_a_run_keeps_what_was_stored(store: Store, write: Write) -> None:
    def run() -> None:
        with store.writing():
            write([embedded("a", "old")])
            write([embedded("a", "new")])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    assert store.counts().contents == 2
    assert store.check() == []
    write([embedded("b")])
    assert store.counts().contents == 2


def test_a_lock_is_counted(tmp_path: Path) -> None:
    one, other = WriterLock(tmp_path / "lock"), WriterLock(tmp_path / "lock", wait_s=0)
    with one:
        with one:
            assert one.holders == 2
        with pytest.raises(LibraryBusyError, match=str(os.getpid())):
            other.acquire()
    with other:
        assert (one.holders, other.holders) == (0, 1)


def test_waiting_a_moment_for_the_lock(tmp_path: Path) -> None:
    one, other = WriterLock(tmp_path / "lock"), WriterLock(tmp_path / "lock", wait_s=5)
    one.acquire()
    timer = threading.Timer(0.1, one.release)
    timer.start()
    with other:
        assert other.holders == 1
    timer.join()


def test_a_closed_store_says_so(store: Store, write: Write) -> None:
    write([embedded("a")])
    rejects = store.rejects()
    store.close()
    store.close()
    with pytest.raises(LibraryError, match="closed"):
        store.counts()
    with pytest.raises(LibraryError, match="closed"):
        next(rejects)
    with pytest.raises(LibraryError, match="closed"):
        write([embedded("b")])
