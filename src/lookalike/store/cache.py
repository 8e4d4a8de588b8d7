"""Files of a matrix cache: rows of vectors, their keys, and a manifest that vouches for both."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import secrets
import sqlite3
import time
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from lookalike.store.database import sync_directory
from lookalike.store.records import Space
from lookalike.store.vectors import layout
from lookalike.types import Keys, Stored

_FORMAT = 1
_BLOCK_BYTES = 1 << 20
_WRITTEN_AT_ONCE = 8 << 20
"""Large enough that Linux keeps what was written, and maps it, in huge pages."""
_CHECK_ALL_BYTES = 64 << 20
_SAMPLED_BLOCKS = 8
_STALE_S = 3600

NOT_USABLE = (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError)
"""What reading a cache that is missing, damaged or of something else may raise."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows (n, dim) of float16, or (n, ceil(dim / 8)) of packed bits, as of a data version.

    They are in the order of their keys (n,).
    """

    rows: Stored
    keys: Keys
    version: int


def load(directory: Path, space: Space, connection: sqlite3.Connection) -> Matrix | None:
    """The matrix on disk, memory-mapped; None when it is missing or anything about it is wrong.

    Up to 64 MiB every block's checksum is compared, beyond that a sample of them.
    """
    try:
        manifest = _manifest(directory, space)
        if not in_history(connection, manifest):
            return None
        blocks = range(len(manifest["blocks"]))
        if manifest["n"] * layout(space).size > _CHECK_ALL_BYTES:
            middle = random.sample(blocks, min(_SAMPLED_BLOCKS, len(blocks)))
            return _verified(directory, space, manifest, {0, *middle, blocks[-1]})
        return _verified(directory, space, manifest, blocks)
    except NOT_USABLE:
        return None


def is_sound(directory: Path, space: Space, connection: sqlite3.Connection) -> bool:
    """Whether the cache of a space is whole in every block; having none is sound too."""
    try:
        manifest = _manifest(directory, space)
        _verified(directory, space, manifest, range(len(manifest["blocks"])))
        return in_history(connection, manifest)
    except FileNotFoundError:
        return not (directory / f"{stem(space)}.json").exists()
    except NOT_USABLE:
        return False


def build(directory: Path, space: Space, connection: sqlite3.Connection) -> None:
    """Write the matrix of what `connection` sees, a block at a time; raises OSError.

    The data files are named after the state they show and the manifest is renamed into
    place last, so that readers and other builders at the same time do no harm.
    """
    version, token = connection.execute(
        "SELECT version, token FROM commits ORDER BY version DESC LIMIT 1"
    ).fetchone()
    directory.mkdir(exist_ok=True)
    name = f"{stem(space)}.{token:016x}"
    keys = array("q")
    blocks: list[int] = []

    def write_rows(file: IO[bytes]) -> None:
        for chunk in _chunks(connection, space):
            data = b"".join(blob for _, blob in chunk)
            keys.extend(key for key, _ in chunk)
            blocks.append(zlib.crc32(data))
            file.write(data)

    def write_keys(file: IO[bytes]) -> None:
        np.save(file, np.frombuffer(keys, dtype=np.int64))

    def write_manifest(file: IO[bytes]) -> None:
        manifest = {
            "format": _FORMAT,
            "space": space.name,
            "fingerprint": space.fingerprint,
            "data_version": version,
            "token": token,
            "n": len(keys),
            "dim": space.dim,
            "files": name,
            "keys_sha256": hashlib.sha256(keys.tobytes()).hexdigest(),
            "block_rows": _block_rows(space),
            "blocks": blocks,
        }
        file.write(json.dumps(manifest).encode())

    replace_file(directory / f"{name}.{_suffix(space)}", write_rows)
    replace_file(directory / f"{name}.keys.npy", write_keys)
    sync_directory(directory)
    replace_file(directory / f"{stem(space)}.json", write_manifest)
    sync_directory(directory)
    discard(directory, space, keep=name)


def discard(directory: Path, space: Space, keep: str | None = None) -> None:
    """Delete the cache files of a space, but those that `keep` names and fresh temporary ones."""
    remove_others(directory, stem(space), keep)


def remove_others(directory: Path, begin: str, keep: str | None) -> None:
    """Delete files whose names begin so, but those that `keep` names and fresh temporary ones."""
    for path in directory.glob(f"{begin}.*"):
        kept = keep is not None and (path.name.startswith(f"{keep}.") or path.suffix == ".json")
        try:
            fresh = path.suffix == ".tmp" and time.time() - path.stat().st_mtime < _STALE_S
            if not kept and not fresh:
                path.unlink()
        except OSError:
            continue


def in_memory(space: Space, connection: sqlite3.Connection, version: int) -> Matrix:
    """The matrix of what `connection` sees, without files."""
    keys = array("q")
    rows = bytearray()
    for chunk in _chunks(connection, space):
        rows += b"".join(blob for _, blob in chunk)
        keys.extend(key for key, _ in chunk)
    return Matrix(as_rows(rows, space), np.frombuffer(keys, dtype=np.int64), version)


def as_rows(data: bytes | bytearray, space: Space) -> Stored:
    """Joined blobs as a read-only matrix (n, dim), or (n, ceil(dim / 8)) of packed bits."""
    rows = layout(space).rows(data)
    rows.flags.writeable = False
    return rows


def _chunks(connection: sqlite3.Connection, space: Space) -> Iterator[list[tuple[int, bytes]]]:
    found = connection.execute(
        # CROSS JOIN keeps SQLite to this order of the loops, which needs no sorting
        "SELECT key, vector FROM images CROSS JOIN vectors USING (content) "
        "WHERE space = ? AND length(vector) = ? ORDER BY key",
        (space.key, layout(space).size),
    )
    while chunk := found.fetchmany(_block_rows(space)):
        yield chunk


def _block_rows(space: Space) -> int:
    return max(1, _BLOCK_BYTES // layout(space).size)


def _suffix(space: Space) -> str:
    return "bits" if space.of_bits else "f16"


def stem(space: Space) -> str:
    """What the names of a space's cache files begin with."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", f"{space.name[:40]}-{space.fingerprint[:8]}")
    return f"{space.key}-{plain}"


def replace_file(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Put a new file in the place of `path`, all of it or nothing; raises OSError."""
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb", buffering=_WRITTEN_AT_ONCE) as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _manifest(directory: Path, space: Space) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((directory / f"{stem(space)}.json").read_bytes())
    expected = {
        "format": _FORMAT,
        "space": space.name,
        "fingerprint": space.fingerprint,
        "dim": space.dim,
        "block_rows": _block_rows(space),
    }
    if {name: manifest[name] for name in expected} != expected:
        raise ValueError("a manifest of something else")
    return manifest


def in_history(connection: sqlite3.Connection, manifest: Mapping[str, Any]) -> bool:
    """Whether a manifest shows a state of this very library, not of a copy that went on."""
    row = connection.execute(
        "SELECT token FROM commits WHERE version = ?", (manifest["data_version"],)
    ).fetchone()
    return row is not None and row[0] == manifest["token"]


def _verified(
    directory: Path, space: Space, manifest: dict[str, Any], blocks: Iterable[int]
) -> Matrix:
    path = directory / f"{manifest['files']}.{_suffix(space)}"
    n, height = manifest["n"], _block_rows(space)
    kept = layout(space)
    keys: Keys = np.load(directory / f"{manifest['files']}.keys.npy", allow_pickle=False)
    if keys.dtype != np.int64 or keys.shape != (n,):
        raise ValueError("keys of another shape")
    if hashlib.sha256(keys.tobytes()).hexdigest() != manifest["keys_sha256"]:
        raise ValueError("other keys")
    if path.stat().st_size != n * kept.size:
        raise ValueError("another size")
    if len(manifest["blocks"]) != -(-n // height):
        raise ValueError("another number of blocks")
    rows = np.memmap(path, dtype=kept.dtype, mode="r", shape=(n, kept.columns))
    for block in blocks:
        data = rows[block * height : (block + 1) * height].data
        if zlib.crc32(data) != manifest["blocks"][block]:
            raise ValueError("another checksum")
    return Matrix(rows, keys, manifest["data_version"])
