"""`lookalike evaluate --dry-run`: a sample first, then how the prediction came out."""

import csv
from pathlib import Path

import pytest

from shell import photo, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tried")
    rows = []
    for number in range(120):
        photo(made / f"{number:03d}.jpg", number, quality=80)
        rows.append((f"{number:03d}.jpg", "abc"[number % 3]))
    for number in range(6):
        (made / f"bad-{number}.jpg").write_bytes(b"no image")
        rows.append((f"bad-{number}.jpg", "a"))
    with (made / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("image", "label"), *rows])
    return made


def test_a_prediction_and_its_error_are_shown(folder: Path, tmp_path: Path) -> None:
    cache = {"LOOKALIKE_CACHE": str(tmp_path)}
    asked = ("evaluate", "table.csv", "--dry-run", "--sample", "60", "--label-column", "label",
             "--model", "pixels")  # fmt: skip
    done = run(folder, *asked, "--json", **cache)
    assert done.code == 0, done.err
    told = done.json
    assert (told["offered"], told["sampled"]) == (126, 60)
    assert told["rejected"]["low"] <= 6 <= told["rejected"]["high"]
    assert not (folder / ".lookalike").exists()
    again = run(folder, *asked, "--json", **cache).json
    assert again["rejected"] == told["rejected"]
    assert again["precision"] == told["precision"]
    index = ("index", "table.csv", "--label-column", "label", "--model", "pixels")
    full = run(folder, *index, **cache)
    assert full.code == 3, full.err
    assert "As predicted from a sample of 60:" in full.err
    assert "precision@10" in full.err
    assert "As predicted" not in run(folder, *index, **cache).err


def test_wrong_requests_are_refused(folder: Path) -> None:
    assert run(folder, "evaluate", "--dry-run").code == 2
    assert run(folder, "evaluate", "table.csv").code == 2
    assert run(folder, "evaluate", "nowhere", "--dry-run").code == 1
