"""Image files named side by side are one source: they share a run, and none prunes another."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image


def index(folder: Path, *arguments: str) -> list[dict[str, object]]:
    command = [sys.executable, "-m", "lookalike", "index", *arguments, "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, colour in (("a.jpg", "red"), ("b.PNG", "green"), ("more/c.jpg", "blue")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (32, 32), colour).save(tmp_path / name)
    return tmp_path


def test_files_side_by_side_are_one_run_and_do_not_prune_each_other(folder: Path) -> None:
    for embedded in (2, 0):
        (report,) = index(folder, "a.jpg", "b.PNG", "--prune")
        assert (report["offered"], report["embedded"], report["pruned"]) == (2, embedded, 0)


def test_folders_between_files_stay_sources_of_their_own(folder: Path) -> None:
    reports = index(folder, "a.jpg", "more", "b.PNG")
    assert [report["offered"] for report in reports] == [1, 1, 1]
