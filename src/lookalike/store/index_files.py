"""Files of an approximate index: what the engine wrote, its keys, and a manifest for both.

An index is only read when every byte of it is as it was written: an engine trusts what it
maps, and a damaged graph would take the process down.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from lookalike.store.cache import NOT_USABLE, in_history, remove_others, replace_file, stem
from lookalike.store.database import sync_directory
from lookalike.store.records import Space
from lookalike.types import Keys

_FORMAT = 1
_BLOCK_BYTES = 8 << 20
_THREADS = 4


@dataclass(frozen=True, slots=True)
class IndexFiles:
    """An index on disk, whole when it was opened.

    `keys` (n,) int64 are the images in the engine's own order, as of data version `version`;
    `facts` is what the engine and its measurement left; `stamp` tells it from a later one.
    """

    path: Path
    keys: Keys
    version: int
    facts: Mapping[str, Any]
    size: int
    stamp: str


def read_stamp(directory: Path, space: Space) -> str | None:
    """What tells the present index of a space from another; None when there is none.

    Costs some microseconds: the manifest's inode and times.
    """
    try:
        status = _manifest_path(directory, space).stat()
    except OSError:
        return None
    return f"{status.st_ino}.{status.st_mtime_ns}.{status.st_size}"


def read_facts(directory: Path, space: Space) -> Mapping[str, Any] | None:
    """What is known of the index of a space, without reading it; None when there is none."""
    try:
        manifest = _manifest(directory, space)
        return {**manifest["facts"], "bytes": int(manifest["bytes"]), "n": int(manifest["n"])}
    except NOT_USABLE:
        return None


def load(directory: Path, space: Space, connection: sqlite3.Connection) -> IndexFiles | None:
    """The index of a space; None when it is missing or anything about it is wrong."""
    try:
        stamp = read_stamp(directory, space)
        manifest = _manifest(directory, space)
        if stamp is None or not in_history(connection, manifest):
            return None
        return _verified(directory, manifest, stamp)
    except NOT_USABLE:
        return None


def is_sound(directory: Path, space: Space, connection: sqlite3.Connection) -> bool:
    """Whether the index of a space is whole; having none is sound too."""
    there = _manifest_path(directory, space).exists()
    return not there or load(directory, space, connection) is not None


def save(
    directory: Path,
    space: Space,
    connection: sqlite3.Connection,
    version: int,
    keys: Keys,
    facts: Mapping[str, Any],
    write: Callable[[IO[bytes]], None],
) -> None:
    """Keep an index of the images `keys` as of data version `version`; raises OSError.

    The manifest is renamed into place last; readers of the index before keep theirs.
    """
    row = connection.execute("SELECT token FROM commits WHERE version = ?", (version,)).fetchone()
    directory.mkdir(exist_ok=True)
    name = f"{_stem(space)}.{secrets.token_hex(8)}"
    hashes: list[str] = []

    def write_hashed(file: IO[bytes]) -> None:
        write(file)
        file.flush()
        hashes.extend(_hashes(Path(file.name)))

    replace_file(directory / f"{name}.index", write_hashed)
    replace_file(directory / f"{name}.keys.npy", lambda file: np.save(file, keys))
    sync_directory(directory)
    manifest = {
        "format": _FORMAT,
        "space": space.name,
        "fingerprint": space.fingerprint,
        "dim": space.dim,
        "data_version": version,
        "token": None if row is None else row[0],
        "n": len(keys),
        "files": name,
        "bytes": (directory / f"{name}.index").stat().st_size,
        "block_bytes": _BLOCK_BYTES,
        "blocks": hashes,
        "keys_sha256": hashlib.sha256(keys.tobytes()).hexdigest(),
        "facts": dict(facts),
    }
    _write_manifest(directory, space, manifest)
    remove_others(directory, _stem(space), keep=name)


def update_facts(directory: Path, space: Space, facts: Mapping[str, Any]) -> None:
    """Put other facts beside the index that is there; raises OSError."""
    _write_manifest(directory, space, {**_manifest(directory, space), "facts": dict(facts)})


def discard(directory: Path, space: Space) -> None:
    """Delete the index of a space."""
    with suppress(OSError):
        _manifest_path(directory, space).unlink()
    remove_others(directory, _stem(space), keep=None)


def _write_manifest(directory: Path, space: Space, manifest: Mapping[str, Any]) -> None:
    data = json.dumps(manifest).encode()

    def write(file: IO[bytes]) -> None:
        file.write(data)

    replace_file(_manifest_path(directory, space), write)
    sync_directory(directory)


def _stem(space: Space) -> str:
    return f"index-{stem(space)}"


def _manifest_path(directory: Path, space: Space) -> Path:
    return directory / f"{_stem(space)}.json"


def _manifest(directory: Path, space: Space) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(_manifest_path(directory, space).read_bytes())
    expected = {
        "format": _FORMAT,
        "space": space.name,
        "fingerprint": space.fingerprint,
        "dim": space.dim,
        "block_bytes": _BLOCK_BYTES,
    }
    if {name: manifest[name] for name in expected} != expected:
        raise ValueError("a manifest of something else")
    return manifest


def _verified(directory: Path, manifest: Mapping[str, Any], stamp: str) -> IndexFiles:
    path = directory / f"{manifest['files']}.index"
    keys: Keys = np.load(directory / f"{manifest['files']}.keys.npy", allow_pickle=False)
    if keys.dtype != np.int64 or keys.shape != (manifest["n"],):
        raise ValueError("keys of another shape")
    if hashlib.sha256(keys.tobytes()).hexdigest() != manifest["keys_sha256"]:
        raise ValueError("other keys")
    if path.stat().st_size != manifest["bytes"]:
        raise ValueError("another size")
    if list(_hashes(path)) != manifest["blocks"]:
        raise ValueError("another checksum")
    return IndexFiles(
        path, keys, manifest["data_version"], manifest["facts"], manifest["bytes"], stamp
    )


def _hashes(path: Path) -> Iterator[str]:
    """The sha256 of every block of a file, computed on several cores."""
    if path.stat().st_size == 0:
        return
    data = np.memmap(path, np.uint8, "r")

    def digest(start: int) -> str:
        return hashlib.sha256(data[start : start + _BLOCK_BYTES].data).hexdigest()

    with ThreadPoolExecutor(_THREADS) as pool:
        yield from pool.map(digest, range(0, len(data), _BLOCK_BYTES))
