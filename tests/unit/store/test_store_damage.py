"""Full disks, damaged files, files of others, other versions: one clear error, nothing lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest
from store_making import embedded, unchanged

from lookalike.errors import (
    LibraryDamagedError,
    LibraryError,
    LibraryNotFoundError,
    LibraryTooNewError,
    StorageFullError,
)
from lookalike.store import Finding, Space, Store, migrations, schema
from lookalike.store.migrations import MIGRATIONS, Migration

Write = Callable[..., None]


def tamper(directory: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(directory / "library.db")
    with connection:
        connection.execute(statement, values)
    connection.close()


def test_no_library(tmp_path: Path) -> None:
    with pytest.raises(LibraryNotFoundError, match="lookalike index"):
        Store.open(tmp_path / ".lookalike")
    assert not (tmp_path / ".lookalike").exists()


@pytest.mark.parametrize("becomes", ["a copy", "gone"])
def test_nothing_is_written_where_another_library_lies_now(
    store: Store, tmp_path: Path, becomes: str
) -> None:
    directory = store.directory
    store.set_setting("before", "1")
    directory.rename(tmp_path / "away")
    directory.mkdir()
    if becomes == "a copy":
        copytree(tmp_path / "away", directory, dirs_exist_ok=True)
    with pytest.raises(LibraryError, match="replaced"):
        store.set_setting("after", "1")
    assert store.setting("before") == "1"
    store.close()
    with Store.open(tmp_path / "away") as again:
        assert again.setting("after") is None
        again.set_setting("after", "1")


def test_where_no_library_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LibraryError, match="cannot be made"):
        Store.create(tmp_path / "file" / ".lookalike")


def test_odd_directories(tmp_path: Path) -> None:
    directory = tmp_path / "a?b#c%41 ü" / ".lookalike"
    with Store.create(directory) as store:
        store.source("/photos")
    with Store.open(directory) as store:
        assert store.source("/photos") == 1


def test_how_the_database_is_set_up(store: Store, directory: Path) -> None:
    connection = sqlite3.connect(directory / "library.db")
    asked = ("page_size", "journal_mode", "user_version", "application_id")
    found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in asked]
    connection.close()
    assert found == [8192, "wal", len(MIGRATIONS), schema.APPLICATION_ID]


def test_a_full_disk(store: Store, directory: Path, write: Write) -> None:
    write([embedded(f"{i}") for i in range(100)])
    writer = store._database._writer
    assert writer is not None
    (pages,) = writer.execute("PRAGMA page_count").fetchone()
    writer.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StorageFullError, match="stored before is safe"):
        write([embedded(f"new {i}") for i in range(2000)])
    assert store.counts().images == 100
    assert store.check() == []
    writer.execute("PRAGMA max_page_count = 1000000")
    write([embedded(f"new {i}") for i in range(200)])
    assert store.counts().images == 300


def test_a_library_of_a_newer_version(store: Store, directory: Path) -> None:
    store.close()
    tamper(directory, "PRAGMA user_version = 99")
    with pytest.raises(LibraryTooNewError, match=r"newer version .* 99"):
        Store.open(directory)
    with pytest.raises(LibraryTooNewError):
        Store.create(directory)


def test_an_older_library_is_migrated(
    store: Store, directory: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write([embedded("a")])
    store.close()

    def add_wishes(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE wishes (query TEXT, verdict TEXT)")
        connection.execute("INSERT INTO wishes SELECT id, 'good' FROM images")

    with_step = (*MIGRATIONS, Migration("wishes", add_wishes))
    monkeypatch.setattr(migrations, "MIGRATIONS", with_step)
    with Store.open(directory) as newer:
        assert newer.image("a").id == "a"
        with newer._database.reading() as connection:
            assert connection.execute("SELECT * FROM wishes").fetchall() == [("a", "good")]
            assert connection.execute("PRAGMA user_version").fetchone() == (len(with_step),)
    monkeypatch.undo()
    with pytest.raises(LibraryTooNewError):
        Store.open(directory)


def test_a_migration_that_fails_leaves_the_library_as_it_was(
    store: Store, directory: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write([embedded("a")])
    store.close()

    def break_off(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TABLE rejects")
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, Migration("broken", break_off)))
        with pytest.raises(RuntimeError):
            Store.open(directory)
    with Store.open(directory) as again:
        assert again.image("a").id == "a"
        assert list(again.rejects()) == []


def test_a_library_whose_making_was_interrupted(directory: Path) -> None:
    directory.mkdir()
    (directory / "library.db").touch()
    with pytest.raises(LibraryDamagedError, match=r"is empty.*index again"):
        Store.open(directory)
    assert (directory / "library.db").stat().st_size == 0
    for call in (Store.create, Store.open):
        with call(directory) as store:
            assert store.counts().images == 0


def test_a_library_is_there_whole_or_not_at_all(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(connection: sqlite3.Connection, _: Path) -> None:
        connection.execute("CREATE TABLE half (made)")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(migrations, "migrate", killed)
        with pytest.raises(KeyboardInterrupt):
            Store.create(directory)
    with pytest.raises(LibraryNotFoundError):
        Store.open(directory)
    with Store.create(directory) as store:
        assert store.check() == []
    assert not list(directory.glob("*.part*"))


def test_a_file_that_is_no_database(directory: Path) -> None:
    directory.mkdir()
    (directory / "library.db").write_bytes(b"my precious notes " * 1000)
    for call in (Store.open, Store.create):
        with pytest.raises(LibraryDamagedError, match="doctor"):
            call(directory)
    assert (directory / "library.db").read_bytes().startswith(b"my precious notes")


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE notes (text)", "PRAGMA application_id = 7", "PRAGMA user_version=3"]
)
def test_a_database_of_another_program(directory: Path, statement: str) -> None:
    directory.mkdir()
    tamper(directory, statement)
    before = (directory / "library.db").read_bytes()
    for call in (Store.open, Store.create):
        with pytest.raises(LibraryDamagedError, match="another program"):
            call(directory)
    assert (directory / "library.db").read_bytes() == before


def test_a_torn_database(store: Store, directory: Path, write: Write) -> None:
    for start in range(0, 3000, 1000):
        write([embedded(f"{i}") for i in range(start, start + 1000)])
    store.close()
    path = directory / "library.db"
    data = bytearray(path.read_bytes())
    for page in range(3, len(data) // 8192, 2):
        data[page * 8192 : page * 8192 + 4000] = b"\xa5" * 4000
    path.write_bytes(data)
    with Store.open(directory) as torn:
        findings = torn.check()
        assert findings
        assert findings[0].kind == "database"
        assert not findings[0].repairable
        with pytest.raises(LibraryDamagedError, match="backup"):
            torn.compact(torn.space("main"))


def test_a_truncated_database(store: Store, directory: Path, write: Write) -> None:
    write([embedded(f"{i}") for i in range(3000)])
    store.close()
    path = directory / "library.db"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 // 8192 * 8192])
    with pytest.raises(LibraryDamagedError), Store.open(directory) as torn:
        torn.compact(torn.space("main"))


def test_a_library_where_nothing_may_be_written(
    store: Store, directory: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What SQLite says on a read-only disk, since a test may run as root."""
    write([embedded(f"{i}") for i in range(1200)])
    space = store.space("main")
    store.close()
    connect = sqlite3.connect

    def read_only(target: str, **options: object) -> sqlite3.Connection:
        if "immutable" not in target:
            target = target.replace("library.db?", "nowhere/library.db?")
        return connect(target, **options)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(sqlite3, "connect", read_only)
    monkeypatch.setattr("lookalike.store.cache.build", _refuse)
    with Store.open(directory) as store:
        view = store.matrix(space)
        assert view.count == 1200
        assert store.image("7").id == "7"
        with pytest.raises(LibraryError):
            store.write(space, 1, [embedded("x")], 1)


def _refuse(*_: object) -> None:
    raise OSError(30, "Read-only file system")


def test_a_sound_library_has_no_findings(store: Store, write: Write, space: Space) -> None:
    assert store.check() == []
    write([embedded("a", thumbnail=b"RIFF\x00\x00\x00\x00WEBP"), embedded("b")])
    store.compact(space)
    assert store.check() == []


@pytest.mark.parametrize(
    ("statement", "kind", "word"),
    [
        ("UPDATE vectors SET vector = x'00' WHERE content = 1", "vector", "1 vectors"),
        ("UPDATE vectors SET vector = zeroblob(16) WHERE content = 1", "vector", "1 vectors"),
        (
            "UPDATE vectors SET vector = CAST(x'007C' || zeroblob(14) AS BLOB)",
            "vector",
            "2 vectors",
        ),
        ("DELETE FROM contents WHERE content = 2", "reference", "images"),
        ("INSERT INTO thumbnails VALUES (1, x'FFD8FF')", "thumbnail", "1 thumbnails"),
        ("INSERT INTO thumbnails VALUES (77, 'RIFF1234WEBP')", "reference", "thumbnails"),
        ("DELETE FROM images WHERE id = 'b'", "content", "no image"),
        ("DELETE FROM vectors WHERE content = 2", "vector", "no vector"),
        ("UPDATE contents SET width = 0 WHERE content = 1", "content", "1 contents"),
    ],
)
def test_what_is_wrong_is_found(
    store: Store, directory: Path, write: Write, statement: str, kind: str, word: str
) -> None:
    write([embedded("a"), embedded("b")])
    tamper(directory, statement)
    findings = store.check()
    assert any(finding.kind == kind and word in finding.message for finding in findings)


def test_repair_takes_out_what_can_be_made_again(
    store: Store, directory: Path, write: Write, space: Space
) -> None:
    write([embedded(f"{i}", thumbnail=b"RIFF\x00\x00\x00\x00WEBP") for i in range(1500)])
    store.compact(space)
    tamper(directory, "UPDATE vectors SET vector = x'00' WHERE content = 3")
    tamper(directory, "UPDATE thumbnails SET webp = x'FFD8FF' WHERE content = 4")
    tamper(directory, "DELETE FROM images WHERE id = '1499'")
    tamper(directory, "INSERT INTO thumbnails VALUES (7777, 'RIFF1234WEBP')")
    (cache_file,) = (directory / "cache").glob("*.f16")
    cache_file.write_bytes(b"short")
    assert {finding.kind for finding in store.check() if finding.repairable} == {
        "vector", "thumbnail", "content", "reference", "cache",
    }  # fmt: skip
    store.repair()
    assert store.check() == [
        Finding("vector", "1 images have no vector in space 'main': index them again.", False)
    ]
    assert store.known(space, ["2"])["2"].missing_vector
    assert store.counts().images == 1499
    write([embedded("2")])
    assert store.check() == []
    assert store.matrix(space).count == 1499


def test_a_vector_taken_out_leaves_matrices_made_before(
    store: Store, directory: Path, write: Write, space: Space
) -> None:
    write([embedded(f"{i}") for i in range(1500)])
    key = store.image("2").key
    before = store.matrix(space)
    tamper(directory, "UPDATE vectors SET vector = zeroblob(16) WHERE content = 3")
    store.repair()
    after = store.refreshed(before)
    assert after.count == 1499
    assert after.dead is not None
    assert after.keys[after.dead].tolist() == [key]
    write([embedded("2")])
    again = store.refreshed(after)
    assert again.tail_keys.tolist() == [key]
    assert again.count == 1500


def test_unchanged_of_nothing_stored_is_nothing(store: Store, write: Write) -> None:
    write([unchanged("ghost")])
    assert store.counts().images == 0
