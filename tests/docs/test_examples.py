"""The examples on the pages run: blocks fenced as `console run` and `python run`.

Those fenced as `console extra` and `python extra` run too, where all extras are.

The blocks of a page run in order in one new folder with photos/, photos.zip and
catalogue.csv. In a console block, lines that start with `>` go on with a command, and other
lines below it are what it prints (`...` is anything, any space is like any other).
"""

import csv
import doctest
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

import family_weights  # it brings the operators that torchvision lacks here

ROOT = Path(__file__).parents[2]


def examples(fence: str) -> dict[str, list[tuple[str, str]]]:
    """The language and the text of each block with such a fence, by page."""
    block = re.compile(rf"^```(console|python) {fence}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    pages = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
    found = {page: block.findall(page.read_text(encoding="utf-8")) for page in pages}
    return {page.relative_to(ROOT).as_posix(): blocks for page, blocks in found.items() if blocks}


EXAMPLES = examples("run")
WITH_EXTRAS = examples("extra")
CHECKER = doctest.OutputChecker()
LOOSELY = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
STEP = re.compile(r"^\$ (.+(?:\n> .*)*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
COLOURS = ("crimson", "navy", "seagreen", "goldenrod", "purple")


def draw_photos(folder: Path) -> None:
    """photos/dresses/1.jpg ... photos/hats/5.jpg, photos.zip, and a table of them."""
    rows = []
    with zipfile.ZipFile(folder / "photos.zip", "w") as archive:
        for kind in ("dresses", "hats"):
            (folder / "photos" / kind).mkdir(parents=True)
            for number, colour in enumerate(COLOURS, start=1):
                photo = Image.new("RGB", (320, 400), "white")
                pen = ImageDraw.Draw(photo)
                if kind == "dresses":
                    pen.polygon([(140, 60), (180, 60), (260, 360), (60, 360)], fill=colour)
                else:
                    pen.ellipse((100, 120, 220, 260), fill=colour)
                    pen.ellipse((40, 230, 280, 280), fill=colour)
                name = f"photos/{kind}/{number}.jpg"
                photo.save(folder / name, quality=92)
                archive.write(folder / name, name)
                rows.append((f"{kind[0]}{number}", f"{kind}/{number}", kind, colour, 10 * number))
    with (folder / "catalogue.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("sku", "image", "kind", "colour", "price"))
        writer.writerows(rows)


def run(command: list[str], folder: Path, text: str = "") -> str:
    scripts = Path(sys.executable).parent
    variables = {name: value for name, value in os.environ.items() if name != "LOOKALIKE_LIBRARY"}
    variables["PATH"] = f"{scripts}{os.pathsep}{variables['PATH']}"
    done = subprocess.run(
        command, cwd=folder, input=text, capture_output=True, text=True, env=variables, check=False
    )
    # 3: done, some images rejected; pages show that too.
    assert done.returncode in (0, 3), f"{command} {text}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def run_console(block: str, folder: Path) -> None:
    for written, expected in STEP.findall(block):
        command = written.replace("\n> ", "\n")
        printed = run(["sh", "-c", command], folder)
        if expected.strip():
            same = CHECKER.check_output(expected, printed, LOOSELY)
            assert same, f"{command}\nprinted\n{printed}\nthe page says\n{expected}"


@pytest.mark.example
@pytest.mark.parametrize("page", EXAMPLES)
def test_examples_run(page: str, tmp_path: Path) -> None:
    run_page(EXAMPLES[page], tmp_path)


@pytest.mark.extra
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", WITH_EXTRAS)
def test_examples_that_need_extras_run(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, value in family_weights.environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    run_page(WITH_EXTRAS[page], folder)


def run_page(blocks: list[tuple[str, str]], folder: Path) -> None:
    draw_photos(folder)
    for language, block in blocks:
        if language == "console":
            run_console(block, folder)
        else:
            run([sys.executable, "-W", "error", "-"], folder, block)


def test_the_runner_sees_a_wrong_page(tmp_path: Path) -> None:
    run_console("$ echo one two\none ...\n", tmp_path)
    run_console("$ cat <<END\n> one\n> two\n> END\none\ntwo\n", tmp_path)
    with pytest.raises(AssertionError, match="the page says"):
        run_console("$ echo one\ntwo\n", tmp_path)
    with pytest.raises(AssertionError):
        run_console("$ false\n", tmp_path)
