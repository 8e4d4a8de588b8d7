"""`lookalike classify` on drawn photos, as a person runs it."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lookalike
from lookalike.errors import RecipeMismatchError, UnknownNameError, UsageError
from shell import index, run

COLOURS = {"deep red": (200, 30, 30), "green": (30, 160, 40), "blue": (30, 40, 190)}
NAMES = list(COLOURS)


def field(path: Path, colour: tuple[int, int, int], seed: int) -> Path:
    """A photo mostly of one colour, with others strewn in."""
    generator = np.random.default_rng(seed)
    pixels = np.full((16, 16, 3), colour, dtype=np.uint8)
    strewn = generator.random((16, 16)) < 0.4
    pixels[strewn] = generator.integers(0, 256, (int(strewn.sum()), 3))
    Image.fromarray(pixels).resize((64, 64), Image.Resampling.NEAREST).save(path)
    return path


def write(path: Path, rows: list[tuple[object, ...]]) -> str:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path.name


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("classified")
    rows: list[tuple[object, ...]] = []
    for number in range(90):
        label = NAMES[number % 3]
        field(folder / f"{number:03d}.png", COLOURS[label], number)
        told = {80: " green ", 81: "NaN", 82: "", 83: "Other", 84: "lonely"}.get(number, label)
        rows.append((f"{number:03d}.png", told, f"p{number // 5}", "x", f"u{number}", "a b"))
    header = ("image", "label", "person", "same", "unique", "size class")
    write(folder / "shop.csv", [header, *rows])
    index(folder, "shop.csv", "--label-column", "label", "--model", "colour-histogram")
    return folder


@pytest.fixture(scope="module")
def kind(shop: Path) -> dict:
    done = run(
        shop, "classify", "fit", "kind", "--group", "person", "--drop-label", "Other",
        "--accuracy", "0.9", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    applied = run(shop, "classify", "apply", "kind", "--json")
    assert applied.code == 0, applied.err
    assert "NaN" in done.err
    assert "lonely" in done.err
    assert "lonely" in applied.err
    return done.json | {"applied": applied.json}


def test_labels_become_a_classifier_that_says_how_good_it_is(kind: dict) -> None:
    assert kind["classes"] == ["blue", "deep red", "green"]
    assert kind["images"] == 86
    figures = kind["figures"]
    assert figures["images"] == 86
    assert figures["means"]["accuracy"]["value"] > 0.9
    assert figures["means"]["accuracy"]["low"] < 1
    assert sum(map(sum, figures["confusion"])) == 86
    assert figures["curve"][-1]["coverage"] == 1


def test_predictions_are_columns_to_filter_by(shop: Path, kind: dict) -> None:
    applied = kind["applied"]
    assert applied["answered"] + applied["abstained"] == 90
    assert sum(applied["counts"].values()) == applied["answered"]
    with lookalike.open(shop, create=False) as library:
        red = library.filter('kind = "deep red"')
        sure = library.filter('kind = "deep red" and kind_p > 0.9')
        assert set(sure) <= set(red)
        assert len(red) == applied["counts"]["deep red"]
        assert len(library.filter("kind is null")) == applied["abstained"]
        assert len(library.filter("kind_p <= 1 and kind_p >= 0")) == 90
        guesses = {one.path: one for one in library.classify("kind", [str(shop / "000.png")])}
        (guess,) = guesses.values()
        assert guess.label == "deep red"
        assert sum(guess.chances.values()) == pytest.approx(1, abs=1e-4)
        assert next(iter(guess.chances)) == "deep red"
    hits = run(shop, "search", "id:001.png", "--where", "kind = green", "-k", "3", "--json")
    assert hits.code == 0, hits.err
    assert len(hits.json["hits"]) == 3


def test_images_added_later_get_theirs_at_once(shop: Path, kind: dict) -> None:
    (shop / "more").mkdir()
    field(shop / "more" / "new.png", COLOURS["blue"], 1000)
    assert index(shop, "more")["embedded"] == 1
    with lookalike.open(shop, create=False) as library:
        assert "new.png" in library.filter("kind = blue")
        library.remove(["new.png"])


def test_files_outside_the_library(shop: Path, kind: dict, tmp_path: Path) -> None:
    field(tmp_path / "a.png", COLOURS["green"], 7)
    (tmp_path / "bad.jpg").write_bytes(b"no image")
    done = run(shop, "classify", "apply", "kind", tmp_path / "a.png", tmp_path / "bad.jpg")
    assert done.code == 3
    assert "bad.jpg" in done.err
    ((path, label, chance),) = done.rows
    assert (path, label) == (str(tmp_path / "a.png"), "green")
    assert float(chance) > 0.5
    again = run(shop, "classify", "apply", "kind", "-", "--json", stdin=f"{path}\n".encode())
    assert json.loads(again.out)["label"] == "green"
    assert run(shop, "classify", "apply", "kind", path, "--to", "x").code == 2


def test_reports_are_written(shop: Path, kind: dict) -> None:
    done = run(shop, "classify", "show", "kind", "--html", "kind.html", "--png", "kind.png")
    assert done.code == 0, done.err
    assert "answered accuracy" in done.out
    page = (shop / "kind.html").read_text("utf-8")
    assert "deep red" in page
    assert "http" not in page.replace("http-equiv", "")
    with Image.open(shop / "kind.png") as picture:
        assert picture.size[0] == 1830
    (row,) = run(shop, "classify", "list").rows
    assert row[:5] == ["kind", "label", "main", "3", "86"]


def test_a_column_that_is_taken_is_not_written_over(shop: Path, kind: dict) -> None:
    for taken, whose in (("person", "of your table"), ("label", "of every image")):
        refused = run(shop, "classify", "apply", "kind", "--to", taken)
        assert refused.code == 2
        assert whose in refused.err
    run(shop, "classify", "fit", "second", "--method", "prototypes")
    assert run(shop, "classify", "apply", "second", "--to", "kind").code == 2


def test_moving_fitting_again_and_dropping(shop: Path) -> None:
    assert run(shop, "classify", "fit", "third", "--method", "knn").code == 0
    assert run(shop, "classify", "apply", "third", "--to", "here").code == 0
    assert run(shop, "classify", "apply", "third", "--to", "there").code == 0
    with lookalike.open(shop, create=False) as library:
        names = {one.name for one in library.columns(["derived"])}
        assert {"there", "there_p"} <= names
        assert not {"here", "here_p"} & names
    refused = run(shop, "classify", "fit", "third")
    assert refused.code == 2
    assert "--replace" in refused.err
    again = run(shop, "classify", "fit", "third", "--method", "logistic", "--replace")
    assert again.code == 0, again.err
    assert "Column there is renewed" in again.err
    kept = run(shop, "classify", "drop", "third", "--dry-run", "--json").json
    assert kept["columns"] == ["there", "there_p"]
    assert run(shop, "classify", "drop", "third").code == 0
    with lookalike.open(shop, create=False) as library:
        assert "there" not in {one.name for one in library.columns(["derived"])}
        with pytest.raises(UnknownNameError):
            library.classifier("third")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"column": "same"}, "same has 1 class"),
        ({"column": "unique"}, "90 classes, 0 of them with two images"),
        ({"column": "none"}, "none"),
        ({"drop": ["Othre"]}, "'Othre'. Did you mean Other"),
        ({"where": "person = p999"}, "label has 0 classes"),
        ({"where": "label = blue"}, "label has 1 class"),
        ({"group": "same"}, "nothing can be held out"),
        ({"method": "magic"}, "prototypes"),
        ({"space": "no"}, "no"),
        ({"accuracy": 95}, "0.95"),
        ({"accuracy": 0.9, "coverage": 0.9}, "follows from the other"),
        ({"name": " "}, "needs a name"),
    ],
)
def test_what_cannot_be_fitted_is_said(shop: Path, options: dict, words: str) -> None:
    with lookalike.open(shop, create=False) as library, pytest.raises(UsageError, match=words):
        library.fit_classifier(**{"name": "x"} | options)


def test_a_space_that_went_or_changed_is_refused_with_what_differs(tmp_path: Path) -> None:
    for number in range(24):
        field(tmp_path / f"{number:02d}.png", COLOURS[NAMES[number % 3]], number)
    rows = [(f"{n:02d}.png", NAMES[n % 3]) for n in range(24)]
    write(tmp_path / "a.csv", [("image", "label"), *rows])
    index(tmp_path, "a.csv", "--label-column", "label", "--model", "colour-histogram")
    with lookalike.open(tmp_path) as library:
        library.add_space("small", "colour-histogram|pca:6")
        library.fit_classifier("kind", space="small", method="prototypes")
        library.apply_classifier("kind")
        library.drop_space("small")
        with pytest.raises(RecipeMismatchError, match="not there any more"):
            library.apply_classifier("kind")
        library.add_space("small", "colour-histogram|pca:5")
        with pytest.raises(RecipeMismatchError, match="dim"):
            list(library.classify("kind", [str(tmp_path / "00.png")]))
        field(tmp_path / "new.png", COLOURS["blue"], 99)
        report = library.add([str(tmp_path / "new.png")])
        assert report.embedded == 1
        assert any("Column kind was not continued" in note for note in report.notes)
        library.add_space("bits", "colour-histogram|lsh:64,seed=1")
        with pytest.raises(UsageError, match="bits"):
            library.fit_classifier("b", space="bits")


def test_an_imported_space_is_classified_but_not_files(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    names = [f"{number:02d}.png" for number in range(30)]
    for number, name in enumerate(names):
        field(tmp_path / name, COLOURS[NAMES[number % 3]], number)
    write(tmp_path / "a.csv", [("image", "label"), *((n, NAMES[int(n[:2]) % 3]) for n in names)])
    index(tmp_path, "a.csv", "--label-column", "label", "--model", "colour-histogram")
    vectors = np.eye(3)[np.arange(30) % 3] + 0.1 * generator.normal(size=(30, 3))
    with lookalike.open(tmp_path) as library:
        library.import_vectors("mine", [(names, vectors.astype(np.float32))], metric="l2")
        fitted = library.fit_classifier("kind", space="mine")
        assert fitted.figures.means["accuracy"].value == 1
        assert library.apply_classifier("kind").answered == 30
        with pytest.raises(UsageError, match="imported"):
            list(library.classify("kind", [str(tmp_path / names[0])]))
