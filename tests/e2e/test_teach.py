"""`lookalike teach` on drawn photos, as a person runs it."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shell import index, run

COLOURS = {"red": (200, 30, 30), "green": (30, 160, 40), "blue": (30, 40, 190)}
SHADES = 4


@pytest.fixture(scope="module")
def flags(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos whose label is the colour of a small square in a large field of any colour."""
    folder = tmp_path_factory.mktemp("flags")
    generator = np.random.default_rng(0)
    rows = []
    for number in range(150):
        label = list(COLOURS)[number % 3]
        field = tuple(int(value) for value in generator.integers(0, 256, 3))
        image = Image.new("RGB", (64, 64), field)
        image.paste(COLOURS[label], (28, 28, 36, 36))
        image.save(folder / f"{number:03d}.png")
        rows.append((f"{number:03d}.png", label, f"p{number // 3}", number % 2))
    with (folder / "flags.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("image", "label", "person", "half"), *rows])
    index(folder, "flags.csv", "--label-column", "label", "--model", "colour-histogram")
    return folder


def test_labels_make_a_space_that_beats_its_parent(flags: Path) -> None:
    done = run(flags, "teach", "square", "--group", "person", "--where", "half = 0", "--json")
    assert done.code == 0, done.err
    taught = done.json
    assert taught["examples"] == 75
    assert taught["after"] > taught["before"] + 0.1
    assert taught["vectors"] == 150
    spaces = {row["name"]: row for row in run(flags, "space", "list", "--json").json}
    assert spaces["square"]["spec"] == f"colour-histogram|taught:{taught['dimension']}"
    judged = run(
        flags, "evaluate", "--spaces", "main,square", "--split", "half=1", "--metric", "map@r",
        "--json",
    )  # fmt: skip
    assert judged.code == 0, judged.err
    main, square = judged.json["contenders"]
    before, after = (one["figures"]["map@r"]["value"] for one in (main, square))
    assert after > 1.3 * before


def test_a_new_image_finds_its_place_in_a_taught_space(flags: Path, tmp_path: Path) -> None:
    flags = shutil.copytree(flags, tmp_path / "flags")
    run(flags, "teach", "grows", "--force")
    image = Image.new("RGB", (64, 64), (1, 2, 3))
    image.paste(COLOURS["red"], (28, 28, 36, 36))
    (flags / "more").mkdir()
    image.save(flags / "more" / "new.png")
    report = index(flags, "more")
    assert report["embedded"] == 1
    found = run(flags, "search", "id:new.png", "--space", "grows", "-k", "5", "--json").json
    labels = [match["label"] for match in found["hits"]]
    assert labels.count("red") >= 4


def test_labels_that_mean_nothing_are_refused_with_the_figures(flags: Path, tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    with (tmp_path / "noise.csv").open("w", newline="") as file:
        rows = [(flags / f"{n:03d}.png", f"l{generator.integers(30)}") for n in range(150)]
        csv.writer(file).writerows([("image", "label"), *rows])
    index(tmp_path, "noise.csv", "--label-column", "label", "--model", "colour-histogram")
    done = run(tmp_path, "teach", "noise")
    assert done.code == 1, done.out
    assert "does not surely beat 'main'" in done.err
    assert [row["name"] for row in run(tmp_path, "space", "list", "--json").json] == ["main"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("x", "--from", "labls"), "labels"),
        (("x", "--method", "magic"), "discriminant"),
        (("x", "--column", "nothing"), "nothing"),
        (("x", "--where", "half = 7"), "label tells 0 classes apart"),
        (("x", "--where", "label = red"), "label tells 1 class apart"),
        (("x", "--from", "judgements"), "too few"),
        (("main",), "name another"),
        (("x", "--space", "no"), "no"),
    ],
)
def test_what_cannot_be_taught_is_said(flags: Path, arguments: tuple[str, ...], words: str) -> None:
    done = run(flags, "teach", *arguments)
    assert done.code == 2, done.err
    assert words in done.err


def test_a_taken_name_is_replaced_only_when_asked(flags: Path) -> None:
    assert run(flags, "teach", "again", "--force").code == 0
    refused = run(flags, "teach", "again", "--force")
    assert refused.code == 1
    assert "--replace" in refused.err
    assert run(flags, "teach", "again", "--force", "--replace").code == 0


def test_judgements_make_a_space(flags: Path) -> None:
    generator = np.random.default_rng(3)
    labels = [list(COLOURS)[number % 3] for number in range(150)]
    with (flags / "verdicts.csv").open("w", newline="") as file:
        pairs = generator.integers(150, size=(400, 2))
        rows = [
            (f"{a:03d}.png", f"{b:03d}.png", int(labels[a] == labels[b]))
            for a, b in pairs
            if a != b
        ]
        csv.writer(file).writerows([("query", "image", "verdict"), *rows])
    done = run(
        flags, "teach", "judged", "--from", "judgements", "--judgements", "verdicts.csv", "--json"
    )
    assert done.code == 0, done.err
    assert done.json["figure"] == "AUC of verdicts"
    assert done.json["after"] > done.json["before"]
