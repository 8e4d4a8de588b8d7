"""The cache of built networks: damaged means made again, unwritable means made each time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from lookalike.models import cache
from lookalike.models.cache import cached_file


class Maker:
    """Gives the content and counts how often it was asked."""

    def __init__(self, content: bytes = b"a network") -> None:
        self.content = content
        self.times = 0

    def __call__(self) -> bytes:
        self.times += 1
        return self.content


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOOKALIKE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_what_was_made_once_is_read_afterwards(folder: Path) -> None:
    make = Maker()
    assert cached_file("models/x.onnx", make) == b"a network"
    assert cached_file("models/x.onnx", Maker(b"never asked")) == b"a network"
    assert make.times == 1
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["x.onnx"]


def flip_a_bit(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


@pytest.mark.parametrize(
    "damage", [flip_a_bit, lambda data: data[:-3], lambda _: b"", lambda data: data[:20]]
)
def test_a_damaged_file_is_made_again(folder: Path, damage: Callable[[bytes], bytes]) -> None:
    cached_file("models/x.onnx", Maker())
    file = folder / "models" / "x.onnx"
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    make = Maker()
    assert cached_file("models/x.onnx", make) == b"a network"
    assert make.times == 1
    assert file.read_bytes() == whole


def test_a_place_that_cannot_be_written_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocking = tmp_path / "a file, not a folder"
    blocking.write_bytes(b"")
    monkeypatch.setenv("LOOKALIKE_CACHE", str(blocking))
    make = Maker()
    assert [cached_file("models/x.onnx", make) for _ in range(2)] == [b"a network"] * 2
    assert make.times == 2


def test_a_full_disk_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache.os, "fsync", full)
    assert cached_file("models/x.onnx", Maker()) == b"a network"
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_many_at_once_each_get_the_content(folder: Path) -> None:
    found: list[bytes] = []
    ready = threading.Barrier(8)

    def ask() -> None:
        ready.wait()
        found.append(cached_file("models/x.onnx", Maker(b"x" * 100_000)))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [b"x" * 100_000] * 8
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["x.onnx"]
