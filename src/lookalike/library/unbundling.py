"""Opens a bundle elsewhere: checks every file against the manifest, then makes it a library."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from lookalike.errors import LibraryDamagedError, LookalikeError, UsageError
from lookalike.library.bundling import FORMAT, MANIFEST, SETTINGS
from lookalike.library.carried import FOLDER, INDEX
from lookalike.library.locate import DATABASE_NAME
from lookalike.store.store import Store
from lookalike.types import LIBRARY_NAME

_MODEL = re.compile(rf"{FOLDER}/([0-9a-f]{{32}}\.onnx|{re.escape(INDEX)})")
_MOST_MANIFEST = 64_000_000
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Unbundled:
    """The library that a bundle became; `settings` is the file beside it, None without one."""

    directory: Path
    images: int
    spaces: list[str]
    settings: Path | None


def is_bundle(path: Path) -> bool:
    """Whether a folder or a zip archive is a bundle, by the manifest in it."""
    if path.is_dir():
        return (path / MANIFEST).is_file()
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return MANIFEST in archive.namelist()


def open_bundle(path: Path, folder: Path, digest: str | None = None) -> Unbundled:
    """Make the library of a bundle in a folder that has none yet.

    With `digest`, the sha256 of the manifest that was said when the bundle was written, it has
    to be that very bundle. Raises `LibraryDamagedError` for one of which a file is missing,
    changed or not named, `UsageError` where a library is there already.
    """
    directory = folder if folder.name == LIBRARY_NAME else folder / LIBRARY_NAME
    if directory.exists():
        raise UsageError(f"There is a library in {directory.parent} already: name another folder.")
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix=".bundle.") as name:
        draft = Path(name) / "library"
        (draft / FOLDER).mkdir(parents=True)
        manifest = _checked_out(path, draft, digest)
        settings = draft / SETTINGS
        beside = directory.parent / SETTINGS
        kept = settings.is_file() and not beside.exists()
        if kept:
            settings.rename(beside)
        settings.unlink(missing_ok=True)
        _check_library(draft, path)
        draft.rename(directory)
    spaces = [str(space["name"]) for space in manifest["spaces"]]
    return Unbundled(directory, int(manifest["images"]), spaces, beside if kept else None)


def _checked_out(path: Path, draft: Path, digest: str | None) -> Mapping[str, Any]:
    """Write the files of a bundle into a folder, each checked; the manifest."""
    with _members(path) as (names, opened):
        with opened(MANIFEST) as file:
            text = file.read(_MOST_MANIFEST)
        if digest is not None and hashlib.sha256(text).hexdigest() != digest.lower():
            raise LibraryDamagedError(
                f"{path} is not the bundle of that digest: its own is "
                f"{hashlib.sha256(text).hexdigest()}."
            )
        manifest = _manifest(text, path)
        files: Mapping[str, Any] = manifest["files"]
        strange = sorted(set(names) - set(files) - {MANIFEST})
        if strange:
            raise _damaged(path, f"{strange[0]!r} is in it and not in its manifest")
        for name, about in files.items():
            if name not in (DATABASE_NAME, SETTINGS) and not _MODEL.fullmatch(name):
                raise _damaged(path, f"its manifest names {name!r}, which is no part of a bundle")
            if name not in names:
                raise _damaged(path, f"{name} is missing")
            with opened(name) as source, (draft / name).open("wb") as target:
                found = _copied(source, target, int(about["bytes"]))
            if found != about["sha256"]:
                raise _damaged(path, f"{name} was changed")
    return manifest


@contextmanager
def _members(path: Path) -> Iterator[tuple[list[str], Any]]:
    """The names of the files of a bundle, and what opens one of them."""
    if path.is_dir():
        names = [each.relative_to(path).as_posix() for each in path.rglob("*") if each.is_file()]
        yield names, lambda name: (path / name).open("rb")
        return
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive.namelist(), archive.open
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError, RuntimeError) as error:
        raise _damaged(path, str(error)) from error


def _manifest(text: bytes, path: Path) -> Mapping[str, Any]:
    try:
        manifest: Mapping[str, Any] = json.loads(text)
        known = int(manifest["format"])
        sound = isinstance(manifest["files"], dict) and isinstance(manifest["spaces"], list)
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(path, f"{MANIFEST} cannot be read") from error
    if known > FORMAT:
        raise UsageError(
            f"{path} was written by a newer version of lookalike: upgrade with "
            "pip install -U lookalike."
        )
    if not sound or DATABASE_NAME not in manifest["files"]:
        raise _damaged(path, f"{MANIFEST} names no library")
    return manifest


def _copied(source: IO[bytes], target: IO[bytes], size: int) -> str:
    """Copy no more than the bytes that were promised and one; the sha256."""
    total = hashlib.sha256()
    left = size + 1
    while block := source.read(min(_BLOCK, left)):
        total.update(block)
        target.write(block)
        left -= len(block)
    return total.hexdigest()


def _check_library(draft: Path, path: Path) -> None:
    """Open the library once, which migrates an older one and refuses what is none."""
    try:
        with Store.open(draft) as store:
            findings = store.check()
    except LookalikeError as error:
        raise _damaged(path, str(error)) from error
    if findings:
        raise _damaged(path, str(findings[0]))
    for left in ("cache", "lock"):
        shutil.rmtree(draft / left, ignore_errors=True)


def _damaged(path: Path, what: str) -> LibraryDamagedError:
    return LibraryDamagedError(f"{path} is no sound bundle: {what}. Nothing was made of it.")
