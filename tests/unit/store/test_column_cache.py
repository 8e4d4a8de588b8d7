from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest
from store_making import NOW, content, reference, stamp, vector

from lookalike.store import Space, Store
from lookalike.store.column_cache import ColumnCache
from lookalike.store.fields import Field
from lookalike.types import Embedded, Outcome, Scalar, Unchanged

PRICE, NAME, LABEL = Field("meta", "price"), Field("meta", "name"), Field("image", "label")
MANY = 1500
FIRST = {
    "state", "commits", "sources", "contents", "images", "spaces", "vectors", "thumbnails",
    "rejects", "tombstones", "loose", "learned",
}  # fmt: skip


def with_meta(id_: str, **meta: Scalar) -> Embedded:
    return Embedded(reference(id_, meta=meta), stamp(), content(id_), vector(id_))


def told(id_: str, **meta: Scalar) -> Unchanged:
    return Unchanged(reference(id_, meta=meta), stamp())


@pytest.fixture
def many(store: Store, space: Space, source: int) -> Store:
    some: list[Outcome] = [with_meta(f"{n:04}", price=n, name=f"n{n % 7}") for n in range(MANY)]
    store.write(space, source, some, NOW)
    return store


def seen(cache: ColumnCache, field: Field) -> dict[int, object]:
    """The value of every image, taken apart again."""
    found: dict[int, object] = {}
    for part in cache.parts([field]):
        column = part.columns[field]
        values = [*column.booleans.tolist(), *column.ints.tolist(), *column.floats.tolist(),
                  *column.texts, *column.lists, None]  # fmt: skip
        live = np.ones(len(part.keys), bool) if part.live is None else part.live
        for key, code, alive in zip(part.keys.tolist(), column.codes, live, strict=True):
            if alive:
                assert key not in found
                found[key] = values[code]
    return found


def in_database(directory: Path, field: Field) -> dict[int, object]:
    connection = sqlite3.connect(directory / "library.db")
    rows = connection.execute("SELECT key, label, meta FROM images").fetchall()
    connection.close()
    if field == LABEL:
        return {key: label for key, label, _ in rows}
    return {key: json.loads(meta).get(field.name) for key, _, meta in rows}


def cache_files(store: Store) -> list[Path]:
    return sorted((store.directory / "cache").glob("columns.*"))


def test_what_changes_is_seen_at_once_and_the_files_stay(many, space, source, directory) -> None:
    assert seen(many.column_cache, PRICE) == in_database(directory, PRICE)
    before = {path: path.stat().st_mtime_ns for path in cache_files(many)}
    assert len(before) == 3
    many.write(space, source, [with_meta("late", price=-1)], NOW)
    many.write(space, source, [told("0005", price="five", name="x")], NOW)
    many.remove(["0007", "0009"])
    assert seen(many.column_cache, PRICE) == in_database(directory, PRICE)
    assert seen(many.column_cache, NAME) == in_database(directory, NAME)
    with Store.open(directory) as other:
        assert seen(other.column_cache, PRICE) == in_database(directory, PRICE)
    assert {path: path.stat().st_mtime_ns for path in cache_files(many) if path in before} == before


def test_more_than_a_tenth_makes_new_files_and_takes_the_old_away(
    many, space, source, directory
) -> None:
    seen(many.column_cache, PRICE)
    before = set(cache_files(many))
    more = [with_meta(f"more {n}", price=n / 2) for n in range(MANY // 10 + 1)]
    many.write(space, source, more, NOW)
    assert seen(many.column_cache, PRICE) == in_database(directory, PRICE)
    assert not {path for path in before if path.suffix != ".json"} & set(cache_files(many))


def test_random_histories(store, space, source, directory) -> None:
    rng = random.Random(8)
    here: list[str] = []
    for step in range(25):
        new = [f"{step}-{n}" for n in range(rng.choice([0, 3, 150]))]
        batch: list[Outcome] = [
            with_meta(id_, price=rng.choice([1, 2.5, True, "x", None])) for id_ in new
        ]
        batch += [told(id_, price=rng.random()) for id_ in rng.sample(here, min(len(here), 5))]
        store.write(space, source, batch, NOW)
        here += new
        gone = rng.sample(here, min(len(here), rng.choice([0, 2, 40])))
        store.remove(gone)
        here = [id_ for id_ in here if id_ not in gone]
        if rng.random() < 0.7:
            assert seen(store.column_cache, PRICE) == in_database(directory, PRICE)
        if rng.random() < 0.3:
            with Store.open(directory) as other:
                assert seen(other.column_cache, PRICE) == in_database(directory, PRICE)


@pytest.mark.parametrize("harm", ["missing", "empty", "flipped", "shorter", "another"])
def test_files_that_are_damaged_are_made_anew(many, directory, harm: str) -> None:
    expected = seen(many.column_cache, PRICE)
    seen(many.column_cache, NAME)
    files = [path for path in cache_files(many) if path.suffix in {".column", ".keys", ".json"}]
    assert len(files) == 4
    seen(many.column_cache, LABEL)
    (new,) = set(cache_files(many)) - set(files)
    other_column = new.read_bytes()
    for path in files:
        kept = path.read_bytes()
        if harm == "missing":
            path.unlink()
        elif harm == "another":
            path.write_bytes(other_column)
        else:
            middle = len(kept) // 2
            flipped = kept[:middle] + bytes([kept[middle] ^ 0x55]) + kept[middle + 1 :]
            path.write_bytes({"empty": b"", "flipped": flipped, "shorter": kept[:middle]}[harm])
        with Store.open(directory) as other:
            assert seen(other.column_cache, PRICE) == expected
            assert seen(other.column_cache, NAME) == in_database(directory, NAME)


def test_any_flipped_byte_is_noticed(many, directory) -> None:
    expected = seen(many.column_cache, NAME)
    (path,) = [path for path in cache_files(many) if path.suffix == ".column"]
    kept = path.read_bytes()
    rng = random.Random(2)
    for _ in range(150):
        place = rng.randrange(len(kept))
        changed = kept[:place] + bytes([kept[place] ^ rng.randrange(1, 256)]) + kept[place + 1 :]
        path.write_bytes(changed)
        with Store.open(directory) as other:
            assert seen(other.column_cache, NAME) == expected


def test_a_cache_of_another_history_is_not_used(many, space, source, directory, tmp_path) -> None:
    backup = tmp_path / "backup"
    many.close()
    shutil.copytree(directory, backup)
    with Store.open(directory) as first:
        first.write(space, source, [told("0001", price=-5)], NOW)
        shutil.rmtree(directory / "cache", ignore_errors=True)
        seen(first.column_cache, PRICE)
    with Store.open(backup) as second:
        second.write(space, source, [told("0001", price=-6)], NOW)
    shutil.rmtree(backup / "cache", ignore_errors=True)
    shutil.copytree(directory / "cache", backup / "cache")
    with Store.open(backup) as second:
        assert seen(second.column_cache, PRICE) == in_database(backup, PRICE)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_where_nothing_may_be_written_it_goes_without_files(many, directory) -> None:
    many.close()
    directory.chmod(0o555)
    try:
        with Store.open(directory) as other:
            assert seen(other.column_cache, PRICE) == in_database(directory, PRICE)
    finally:
        directory.chmod(0o755)


def test_a_cache_folder_that_is_none_does_not_matter(many, directory) -> None:
    (directory / "cache").write_text("in the way")
    with Store.open(directory) as other:
        assert seen(other.column_cache, PRICE) == in_database(directory, PRICE)


def test_a_reader_needs_no_lock_while_another_writes(many, directory) -> None:
    with many.writing(), Store.open(directory) as other:
        assert len(seen(other.column_cache, PRICE)) == MANY


def test_several_threads(many, space, source, directory) -> None:
    wrong: list[int] = []

    def look() -> None:
        counts = (len(seen(many.column_cache, NAME)) for _ in range(10))
        wrong.extend(count for count in counts if count < MANY)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(10):
        many.write(space, source, [with_meta(f"late {number}", name="late")], NOW)
    for thread in threads:
        thread.join()
    assert not wrong
    assert seen(many.column_cache, NAME) == in_database(directory, NAME)


def test_derived_words_go_with_their_content(many, space, directory) -> None:
    colour = Field("derived", "colour")
    assert colour not in many.column_cache.fields()
    some = many.underived("colour", space)
    many.derive("colour", [(number, ["red", "blue"]) for number, _ in some[:10]])
    keys = [image.key for image in many.first_images(10)]
    found = seen(many.column_cache, colour)
    assert [key for key, words in found.items() if words == ("red", "blue")] == keys
    assert many.count_underived("colour", space) == MANY - 10
    many.derive("colour", [(some[0][0], ["green"])])
    assert seen(many.column_cache, colour)[keys[0]] == ("green",)
    many.remove(["0000"])
    assert keys[0] not in seen(many.column_cache, colour)
    assert many.derived_columns() == {"colour": 9}
    many.drop_derived("colour")
    assert many.derived_columns() == {}


def test_an_older_library_is_brought_up_to_date(many, directory) -> None:
    """Columns and triggers came with the third step; one from before it is migrated."""
    many.close()
    connection = sqlite3.connect(directory / "library.db")
    for kind, name in connection.execute(
        "SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'table') "
        "AND name NOT LIKE 'sqlite_%'"
    ).fetchall():
        if kind == "trigger" or name not in FIRST:
            connection.execute(f"DROP {kind} {name}")
    connection.execute("PRAGMA user_version = 2")
    connection.commit()
    connection.close()
    with Store.open(directory) as migrated:
        assert {PRICE, NAME} <= set(migrated.column_cache.fields())
        assert seen(migrated.column_cache, PRICE) == in_database(directory, PRICE)
