"""`kill -9` at many random moments of an indexing run: `make kill-test`, LOOKALIKE_KILLS=200.

Each run goes on in the library that the last kill left, until it is complete; then a new one
is begun. So the moments fall on the making of a library, on first and on later batches.
"""

import os
import shutil
import time
from pathlib import Path

import pytest

from killing import Album, check_after_kill, contents, make_album, named_shared_files, some_moments

KILLS = int(os.environ.get("LOOKALIKE_KILLS", "200"))
SEED = int(os.environ.get("LOOKALIKE_KILL_SEED", "1"))


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    return make_album(tmp_path_factory.mktemp("kill"))


def check_end(album: Album, place: Path) -> None:
    """The continued run ends as an undisturbed one does, and leaves a library that is well."""
    report = album.finish(place)
    assert (report["offered"], report["rejected"]) == (150, 7)
    assert contents(place) == album.expected
    check_after_kill(place, [("embedded", id_) for id_ in album.expected[0]])


@pytest.mark.campaign
def test_no_kill_loses_what_was_reported(album, tmp_path):
    place = tmp_path / "place"
    before = named_shared_files()
    killed = midway = 0
    for number, moment in enumerate(some_moments(album, KILLS, SEED), 1):
        place.mkdir(exist_ok=True)
        reported, over = album.run_and_kill(place, moment)
        killed += not over
        midway += 0 < len(reported) < 150
        check_after_kill(place, reported)
        if over or number % 3 == 0:  # else the next run goes on where this one was killed
            check_end(album, place)
            shutil.rmtree(place)
        print(f"{number}/{KILLS}: {moment}, {len(reported)} reported", flush=True)
    deadline = time.monotonic() + 10
    while not named_shared_files() <= before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert named_shared_files() <= before
    print(f"{killed} runs killed, {midway} between their first report and their last")
    assert killed > KILLS // 4
