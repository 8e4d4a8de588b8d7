"""A disk that fills up in the middle of a run: one sentence, and all that was reported is there."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from shell import Done, age, index, photos, run

FULL = "No room left on the disk"
SMALL_DATABASE = """
import sqlite3

class Small(sqlite3.Connection):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.execute("PRAGMA max_page_count = 80")

connect = sqlite3.connect
sqlite3.connect = lambda *arguments, **options: connect(*arguments, factory=Small, **options)
"""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    photos(folder, range(150))
    age(folder)
    return folder


def stored_ids(folder: Path) -> set[str]:
    images = run(folder, "info", "--head", 10_000, "--json").json["head"]
    return {image["id"] for image in images}


def check_nothing_reported_is_lost(folder: Path, stopped: Done) -> None:
    assert stopped.code == 1
    assert stopped.err.count(FULL) == 1
    assert "run the same command again" in stopped.err
    reported = {id_ for outcome, id_ in stopped.reported if outcome == "embedded"}
    assert 0 < len(reported) < 150
    assert reported <= stored_ids(folder)


def test_a_database_that_may_not_grow(tmp_path, pictures):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(SMALL_DATABASE)

    site = os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")])
    stopped = run(tmp_path, "index", pictures, "-v", PYTHONPATH=site)

    check_nothing_reported_is_lost(tmp_path, stopped)
    done = index(tmp_path, pictures)
    assert done["embedded"] + done["unchanged"] == 150
    assert done["unchanged"] == len([1 for outcome, _ in stopped.reported if outcome == "embedded"])
    assert run(tmp_path, "doctor", "--json").json["well"]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MB, where this machine lets one be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mounting, check=False).returncode != 0:
        pytest.skip("a small file system cannot be mounted here: that takes root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_full(small_disk, pictures):
    stopped = run(small_disk, "index", pictures, "-v")

    check_nothing_reported_is_lost(small_disk, stopped)
    assert run(small_disk, "doctor", "--json").json["well"]
    page = run(small_disk, "search", "id:000.jpg", "--html", "page.html")
    assert page.code == 1
    assert "Error: " in page.err

    subprocess.run(["mount", "-o", "remount,size=16m", str(small_disk)], check=True)
    done = index(small_disk, pictures)
    assert done["embedded"] + done["unchanged"] == 150
    assert run(small_disk, "doctor", "--json").json["well"]


def test_a_library_that_may_only_be_read_is_searched_all_the_same(small_disk, pictures, tmp_path):
    index(small_disk, pictures, "--limit", 5)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)

    page = tmp_path / "page.html"
    found = run(small_disk, "search", "id:003.jpg", "--json", "--html", page)
    assert len(found.json["hits"]) == 4
    assert page.read_text(encoding="utf-8").count("data:image/webp") == 5  # and the query
    assert run(small_disk, "doctor", "--json").json["well"]
    refused = run(small_disk, "remove", "003.jpg")
    assert (refused.code, refused.out) == (1, "")
    assert "cannot be written" in refused.err


def test_a_disk_that_is_full_from_the_start(small_disk, pictures):
    (small_disk / "ballast").write_bytes(bytes(shutil.disk_usage(small_disk).free))

    stopped = run(small_disk, "index", pictures, "-v")
    assert (stopped.code, stopped.reported) == (1, [])
    assert "Error: " in stopped.err

    (small_disk / "ballast").unlink()
    assert index(small_disk, pictures, "--limit", 5)["embedded"] == 5
