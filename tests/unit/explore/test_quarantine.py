"""Plans whose files are not what they were: under two ids, gone or changed while they move."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lookalike
from lookalike.errors import LibraryError
from lookalike.explore.plan import Entry, Plan, read_plan, write_plan
from lookalike.library.library import Library

LONG = "写" * 83 + ".png"  # 253 bytes of the 255 that a name may have


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (40, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"a{number}.png")
        shutil.copy(folder / f"a{number}.png", folder / f"b{number}.png")
    return folder


def opened(folder: Path) -> Library:
    return lookalike.open(folder / "library", model="pixels", workers=1)


def test_a_file_that_has_two_ids_stays(tmp_path: Path, photos: Path) -> None:
    (photos / "table.csv").write_text("id,file\nmine,b1.png\n")
    (tmp_path / "link").symlink_to(photos)
    before = files(photos)
    with opened(tmp_path) as library:
        library.add(photos)
        plan = library.duplicates("bytes").plan(keep="first")
        assert [entry.id for entry in plan.moves] == ["b0.png", "b1.png", "b2.png"]
        library.add(photos / "table.csv", id_column="id")
        with pytest.raises(LibraryError, match=r"b1\.png: its file has another id too"):
            library.apply_duplicates(plan)
        plan = library.duplicates("bytes").plan(keep="first")
        assert [entry.id for entry in plan.moves] == ["b0.png", "b2.png"]
        library.add(tmp_path / "link", id_prefix="again/")
        assert library.duplicates("bytes").plan().moves == []
    assert files(photos) == before


@pytest.mark.parametrize("fate", ["changed", "folder"])
def test_undo_brings_back_what_was_moved_before_a_file_changed(
    tmp_path: Path, photos: Path, fate: str
) -> None:
    before = files(photos)
    second = photos / "b1.png"

    def befall(_what: str, number: int, _of: int) -> None:
        if number == 1:
            second.unlink()
            second.mkdir() if fate == "folder" else second.write_bytes(b"somebody's")

    with opened(tmp_path) as library:
        library.add(photos)
        plan = library.duplicates("bytes").plan(keep="first")
        with pytest.raises(LibraryError, match=r"b1\.png changed .* --undo"):
            library.apply_duplicates(plan, on_step=befall)
        assert "b0.png" not in files(photos)
        library.undo_duplicates()
        del before["b1.png"]
        after = files(photos)
        after.pop("b1.png", None)
        assert after == before
        assert len(library) == 6


def test_a_long_name_is_moved_and_comes_back(tmp_path: Path, photos: Path) -> None:
    shutil.copy(photos / "a0.png", photos / LONG)
    before = files(photos)
    with opened(tmp_path) as library:
        library.add(photos)
        write_plan(library.duplicates("bytes").plan(keep="first"), tmp_path / "plan.csv")
        text = (tmp_path / "plan.csv").read_text("utf-8")
        (tmp_path / "plan.csv").write_text(text, "utf-8-sig")  # as a spreadsheet saves it
        library.apply_duplicates(tmp_path / "plan.csv")
        assert files(photos).keys() == {"a0.png", "a1.png", "a2.png"}
        library.undo_duplicates()
    assert files(photos) == before


def test_nothing_comes_back_without_its_rows_or_its_folder(tmp_path: Path, photos: Path) -> None:
    (photos / "s").mkdir()
    (photos / "b0.png").rename(photos / "s" / "b0.png")
    before = files(photos)
    with opened(tmp_path) as library:
        library.add(photos)
        place = library.apply_duplicates(library.duplicates("bytes").plan(keep="first")).folder
        kept = (place / "rows.db").rename(place / "elsewhere")
        with pytest.raises(LibraryError, match=r"rows\.db: No such file"):
            library.undo_duplicates()
        (place / "rows.db").write_bytes(b"")
        with pytest.raises(LibraryError, match=r"rows\.db is damaged"):
            library.undo_duplicates()
        kept.rename(place / "rows.db")
        (photos / "s").rmdir()
        (photos / "s").write_text("in the way")
        with pytest.raises(LibraryError, match="s is no folder now"):
            library.undo_duplicates()
        assert "b1.png" not in files(photos)
        (photos / "s").unlink()
        library.undo_duplicates()
    assert files(photos) == before


@pytest.mark.parametrize("name", ["plan.csv", "plan.json"])
def test_a_plan_keeps_names_that_are_no_text(tmp_path: Path, name: str) -> None:
    path = b"/photos/\xff\xe9 \xc3\xa9.png".decode("utf-8", "surrogateescape")
    plan = Plan([Entry(1, "é\\xff", "keep", "why", "", "", path, "00", 1, 2)])
    write_plan(plan, tmp_path / name)
    assert read_plan(tmp_path / name) == plan


def test_labels_of_what_was_moved_come_back(tmp_path: Path, photos: Path) -> None:
    for number in range(3):
        Image.open(photos / f"a{number}.png").save(photos / f"b{number}.bmp")
    with opened(tmp_path) as library:
        library.add(photos)
        library.label("kind", {"b0.bmp": "one", "b1.bmp": "two", "a2.png": "three"})
        library.label("kind", {"b1.bmp": "other"})
        plan = library.duplicates("pixels").plan(keep="first")
        assert {entry.id for entry in plan.moves} > {"b0.bmp", "b1.bmp"}
        library.apply_duplicates(plan)
        assert library.labels("kind").counts.keys() == {"three"}
        library.undo_duplicates()
        assert library.labels("kind").counts.keys() == {"one", "other", "three"}
        assert library.filter("kind = other") == ["b1.bmp"]
        library.undo_labels("kind")
        assert library.filter("kind = two") == ["b1.bmp"]
