"""Files being moved, and the process killed between any two steps: nothing is lost."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from moving import album, files, rows
from shell import environment, index, run

KILLED = """
import os, signal, sys
from lookalike.explore import quarantine
name, left = sys.argv[1], int(sys.argv[2])
real = getattr(quarantine, name)
def until(*arguments):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments)
setattr(quarantine, name, until)
from lookalike.cli.main import main
sys.argv = ["lookalike", *sys.argv[3:]]
main()
"""


def killed(place: Path, step: str, calls: int, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, step, str(calls), *arguments],
        cwd=place,
        capture_output=True,
        env=environment({}),
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("killed-moves")
    album(place)
    run(place, "duplicates", "--plan", "plan.csv")
    return place


@pytest.fixture(scope="module")
def before(place):
    return files(place / "photos"), rows(place)


def everything(place: Path) -> set[bytes]:
    """The bytes of all photos, wherever they lie."""
    folders = [place / "photos", place / ".lookalike-quarantine"]
    return {one[0] for folder in folders if folder.exists() for one in files(folder).values()}


@pytest.mark.parametrize(
    ("step", "calls"), [("_put_away", 2), ("_take_away", 1), ("sync_directory", 3)]
)
def test_killed_while_applying_it_can_be_undone(place, before, step, calls):
    photos, known = before
    killed(place, step, calls, "duplicates", "--apply", "plan.csv")
    assert {one[0] for one in photos.values()} <= everything(place)
    assert run(place, "duplicates", "--undo").code == 0
    assert files(place / "photos") == photos
    assert rows(place) == known


def test_killed_before_the_journal_was_whole_nothing_moved(place, before):
    killed(place, "_write", 0, "duplicates", "--apply", "plan.csv")
    assert files(place / "photos") == before[0]
    assert rows(place) == before[1]
    assert "nothing to undo" in run(place, "duplicates", "--undo").err


def test_killed_again_and_again_it_goes_on_and_back(place, before):
    photos, known = before
    for calls in (1, 2):
        killed(place, "_take_away", calls - 1, "duplicates", "--apply", "plan.csv")
        killed(place, "sync_directory", calls, "duplicates", "--apply", "plan.csv")
    other = run(place, "duplicates", "--plan", "other.csv", "--protect", "*")
    assert other.code == 0
    assert run(place, "duplicates", "--apply", "plan.csv").code == 0
    assert len(files(place / "photos")) == len(photos) - 4
    killed(place, "_bring_back", 1, "duplicates", "--undo")
    assert "Undo it" in run(place, "duplicates", "--apply", "plan.csv").err
    killed(place, "_take_away", 1, "duplicates", "--undo")
    assert run(place, "duplicates", "--undo").code == 0
    assert files(place / "photos") == photos
    assert rows(place) == known
    assert run(place, "doctor", "--json").json["well"]
    assert index(place, place / "photos")["unchanged"] == len(photos)


def test_killed_at_random_moments(place, before):
    """A kill from outside, whenever it comes."""
    photos, known = before
    for wait in (0.4, 0.6, 0.8):
        process = subprocess.Popen(
            [sys.executable, "-m", "lookalike", "duplicates", "--apply", "plan.csv"],
            cwd=place,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment({}),
            start_new_session=True,
        )
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        assert {one[0] for one in photos.values()} <= everything(place)
        run(place, "duplicates", "--undo")
        assert files(place / "photos") == photos
        assert rows(place) == known
