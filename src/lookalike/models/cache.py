"""Built networks in the user's cache directory: written atomically, checked when read."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

HASH_LENGTH = 32


def cache_directory() -> Path:
    """`LOOKALIKE_CACHE`, else the system's place for a user's caches."""
    if chosen := os.environ.get("LOOKALIKE_CACHE"):
        return Path(chosen)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "lookalike"
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return (Path(base) if base else Path.home() / "AppData" / "Local") / "lookalike"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "lookalike"


def cached_file(name: str, make: Callable[[], bytes]) -> bytes:
    """The content of a cache file, made when it is missing or damaged.

    The file is the sha256 of the content, then the content. A cache that cannot be written
    is no error: the content is made again next time.
    """
    path = cache_directory() / name
    kept = read_checked(path)
    if kept is not None:
        return kept
    content = make()
    write_checked(path, content)
    return content


def read_checked(path: Path) -> bytes | None:
    """The content of a checked file; None when it is missing or damaged."""
    try:
        stored = path.read_bytes()
    except OSError:
        return None
    digest, content = stored[:HASH_LENGTH], stored[HASH_LENGTH:]
    return content if hashlib.sha256(content).digest() == digest else None


def write_checked(path: Path, content: bytes) -> bool:
    """Write a checked file whole or not at all; False when the place cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(hashlib.sha256(content).digest())
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError:
        return False
    return True
