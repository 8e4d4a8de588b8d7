"""Kills an indexing run with all its processes, and holds the library to what was reported."""

import contextlib
import io
import os
import random
import signal
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from shell import STORED, age, index, photo, photos, picture, run, start

Contents = tuple[Mapping[str, bytes], Mapping[str, str]]


class Moment(NamedTuple):
    """So many seconds after so many lines of report."""

    lines: int
    seconds: float


@dataclass(frozen=True)
class Album:
    """A folder of photos, what an undisturbed run makes of it, and how long that takes."""

    folder: Path
    expected: Contents
    seconds: float

    def run_and_kill(self, place: Path, moment: Moment) -> tuple[list[tuple[str, str]], bool]:
        """Index into a library in `place`, and kill the run with all its processes.

        Gives what was reported stored, and whether the run was over before.
        """
        with start(place, "index", self.folder, "-v") as process:
            assert process.stderr is not None
            reported = b"".join(process.stderr.readline() for _ in range(moment.lines))
            time.sleep(moment.seconds)
            over = process.poll() is not None
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            reported += process.stderr.read()
        whole = reported[: reported.rfind(b"\n") + 1]  # a line cut short told nobody anything
        return STORED.findall(whole.decode()), over

    def finish(self, place: Path) -> dict[str, Any]:
        """Run to the end."""
        return index(place, self.folder, expect=3)


def make_album(folder: Path) -> Album:
    """150 files: photos, copies of some, and some that are broken; indexed once undisturbed."""
    inside = folder / "in"
    photos(inside, range(130))
    for seed in range(0, 60, 5):
        original = inside / f"{seed:03d}.jpg"
        (inside / f"{seed + 60:03d} copy.jpg").write_bytes(original.read_bytes())
    whole = io.BytesIO()
    picture(999).save(whole, "JPEG")
    for number, size in enumerate((0, 100, 500, 1000)):
        (inside / f"{number * 30:03d} cut.jpg").write_bytes(whole.getvalue()[:size])
    for number in range(3):
        (inside / f"{number * 40:03d} text.jpg").write_text(f"no image {number}")
    photo(inside / "sub" / "last.png", 500)
    age(inside)

    place = folder / "undisturbed"
    place.mkdir()
    began = time.monotonic()
    report = index(place, inside, expect=3)
    seconds = time.monotonic() - began
    assert (report["offered"], report["rejected"], report["duplicate"]) == (150, 7, 12)
    return Album(inside, contents(place), seconds)


def contents(place: Path) -> Contents:
    """id -> the bytes of its vector, and reject id -> reason, read with SQLite alone."""
    database = place / ".lookalike" / "library.db"
    with closing(sqlite3.connect(database)) as connection:
        vectors = dict(
            connection.execute("SELECT id, vector FROM images JOIN vectors USING (content)")
        )
        rejects = dict(connection.execute("SELECT id, reason FROM rejects"))
    return vectors, rejects


def check_after_kill(place: Path, reported: list[tuple[str, str]]) -> None:
    """The library is well, and holds all that was reported stored."""
    if not (place / ".lookalike" / "library.db").exists():
        assert reported == []
        return
    doctor = run(place, "doctor", "--json")
    assert doctor.code == 0, doctor.out
    assert doctor.json["well"]
    vectors, rejects = contents(place)
    for outcome, id_ in reported:
        assert id_ in (rejects if outcome == "rejected" else vectors), (outcome, id_)


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or only waits for whoever began it to look."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state in {"Z", "X"}


def wait_for_the_end(*pids: int) -> None:
    """Until processes that others began have ended; that they do not is a failure."""
    deadline = time.monotonic() + 60
    while left := [pid for pid in pids if not has_ended(pid)]:
        assert time.monotonic() < deadline, f"they outlived their run: {left}"
        time.sleep(0.02)


def named_shared_files() -> set[Path]:
    """Files of decoded pixels that could outlive their run."""
    return set(Path("/dev/shm").glob("lookalike-*.pixels"))


def some_moments(album: Album, count: int, seed: int) -> Iterator[Moment]:
    """Random moments: one half at any time of a run, one half while it writes."""
    chance = random.Random(seed)
    for number in range(count):
        if number % 2:
            yield Moment(0, chance.uniform(0, album.seconds))
        else:
            yield Moment(chance.randrange(1, 150), chance.uniform(0, 0.2))
