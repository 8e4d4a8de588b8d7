"""Spark and Ray make the library of one process, bit for bit, though a worker dies on the way."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from killing import wait_for_the_end
from shell import age, command, environment, photos, run

pytestmark = pytest.mark.extra
SHARDS = 6
RUNNERS = {
    "spark": ("CoarseGrainedExecutorBackend", ("--address", "local-cluster[2,1,2048]")),
    "ray": ("ray::MapWorker", ()),
}
STORED = (
    "SELECT id, sha256, images.uri, images.size, mtime_ns, width, height, format, phash, vector "
    "FROM images JOIN contents USING (content) JOIN vectors USING (content) ORDER BY key"
)


def stored(place: Path) -> list[list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(place / ".lookalike" / "library.db")) as connection:
        rejects = "SELECT id, uri, reason, detail FROM rejects ORDER BY id"
        return [connection.execute(query).fetchall() for query in (STORED, rejects)]


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """240 photos, 10 copies and 5 files that are none, and the library of one process."""
    place = tmp_path_factory.mktemp("album")
    folder = place / "photos"
    photos(folder, range(240))
    for seed in range(10):
        shutil.copy(folder / f"{seed:03d}.jpg", folder / f"copy {seed}.jpg")
        if seed % 2:
            (folder / f"text {seed}.jpg").write_text(f"no image {seed}")
    age(folder)
    assert run(place, "index", "photos").code == 3
    return place


def ancestors(pid: int) -> Iterator[int]:
    while pid > 1:
        yield pid
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def below(pid: int) -> dict[int, str]:
    """The processes that one has begun, and theirs, with their command lines."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != pid:
            with contextlib.suppress(OSError, ValueError):
                if pid in ancestors(int(folder.name)):
                    line = (folder / "cmdline").read_bytes()
                    found[int(folder.name)] = line.replace(b"\0", b" ").decode()
    return found


@pytest.mark.timeout(400)
@pytest.mark.parametrize("runner", RUNNERS)
def test_a_cluster_that_loses_a_worker(album: Path, tmp_path: Path, runner: str) -> None:
    worker, address = RUNNERS[runner]
    arguments = ("index", album / "photos", "--out", tmp_path / "out", "--runner", runner)
    log = tmp_path / "log"  # a pipe that nobody reads would hold up who writes much
    with log.open("wb") as said:
        process = subprocess.Popen(
            command(*arguments, "--shards", SHARDS, *address, "--json"),
            stdout=subprocess.DEVNULL,
            stderr=said,
            env=environment({}),
            start_new_session=True,
        )
    killed, seen = 0, set()
    try:
        while process.poll() is None:
            time.sleep(0.05)
            if not killed and (tmp_path / "out").exists():
                there = below(process.pid)
                seen |= set(there)
                victims = [pid for pid, line in there.items() if worker in line]
                if victims:
                    os.kill(victims[0], signal.SIGKILL)
                    killed = victims[0]
    finally:
        for pid in {process.pid, *below(process.pid)}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
    assert process.returncode == 3, log.read_text()
    assert killed
    assert run(tmp_path, "merge", "out").code == 3
    assert stored(tmp_path) == stored(album)
    wait_for_the_end(*seen)
