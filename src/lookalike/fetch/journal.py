"""The journal of a run: what became of each URL, written down before the next is begun."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal, TypeAlias

from lookalike.errors import LookalikeError, UsageError

Status: TypeAlias = Literal["fetched", "duplicate", "failed"]
SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS marks (id INTEGER PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS contents (
  sha256 BLOB PRIMARY KEY, file TEXT NOT NULL, stored INTEGER NOT NULL,
  width INTEGER NOT NULL, height INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS urls (
  key BLOB PRIMARY KEY, status TEXT NOT NULL, http INTEGER, reason TEXT NOT NULL,
  detail TEXT NOT NULL, bytes INTEGER NOT NULL, sha256 BLOB, tries INTEGER NOT NULL,
  seconds REAL NOT NULL
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that was kept: its place below the output, its bytes, its size in pixels."""

    file: str
    stored: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one URL; `size` in bytes and `sha256` are those of what the server sent.

    `reason` is a key of `types.REASONS`, empty where there is an image.
    """

    status: Status
    http: int | None = None
    reason: str = ""
    detail: str = ""
    size: int = 0
    sha256: bytes | None = None
    tries: int = 1
    seconds: float = 0.0


def url_key(url: str) -> bytes:
    """16 bytes that stand for a URL."""
    return blake2b(url.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Journal:
    """One SQLite file beside the output; one run at a time holds it.

    Each outcome is a transaction of its own: a run that is killed has lost none of them.
    """

    def __init__(self, path: Path, settings: Mapping[str, object]) -> None:
        """Raises `UsageError` when another run is at it, or one of other settings began it."""
        self._db = sqlite3.connect(path, isolation_level=None, timeout=0.5)
        try:
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.executescript(SCHEMA)
            self._check(path, settings)
        except sqlite3.OperationalError as error:
            self._db.close()
            if "locked" in str(error):
                raise UsageError(
                    f"Another run writes into {str(path.parent)!r}: wait for it, or give another "
                    "--out."
                ) from error
            raise LookalikeError(f"{str(path)!r} cannot be written: {error}.") from error
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise LookalikeError(
                f"{str(path)!r} is damaged ({error}). Delete it to fetch all of it again."
            ) from error

    def outcome(self, key: bytes) -> Outcome | None:
        """What became of a URL."""
        row = self._db.execute(
            "SELECT status, http, reason, detail, bytes, sha256, tries, seconds"
            " FROM urls WHERE key = ?",
            (key,),
        ).fetchone()
        return None if row is None else Outcome(*row)

    def content(self, sha256: bytes) -> Stored | None:
        """The file that was kept of this content."""
        row = self._db.execute(
            "SELECT file, stored, width, height FROM contents WHERE sha256 = ?", (sha256,)
        ).fetchone()
        return None if row is None else Stored(*row)

    def note(
        self, key: bytes, outcome: Outcome, stored: Stored | None = None, mark: Any = None
    ) -> None:
        """Write an outcome down; with it the file that was kept of new content, and the mark."""
        self._db.execute("BEGIN")
        if stored is not None and outcome.sha256 is not None:
            self._db.execute(
                "INSERT OR REPLACE INTO contents VALUES (?, ?, ?, ?, ?)",
                (outcome.sha256, stored.file, stored.stored, stored.width, stored.height),
            )
        if mark is not None:
            self._db.execute("INSERT OR REPLACE INTO marks VALUES (1, ?)", (json.dumps(mark),))
        self._db.execute(
            "INSERT OR REPLACE INTO urls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                key,
                outcome.status,
                outcome.http,
                outcome.reason,
                outcome.detail,
                outcome.size,
                outcome.sha256,
                outcome.tries,
                outcome.seconds,
            ),
        )
        self._db.execute("COMMIT")

    def mark(self) -> Any:
        """Where the files that were written down end, as the last `note` said it; or None."""
        row = self._db.execute("SELECT value FROM marks").fetchone()
        return None if row is None else json.loads(row[0])

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _check(self, path: Path, settings: Mapping[str, object]) -> None:
        """Refuse to go on with settings that would make other files than those that are there."""
        now = {name: json.dumps(value) for name, value in settings.items()}
        before = dict(self._db.execute("SELECT name, value FROM settings"))
        changed = sorted(name for name in now if before.get(name, now[name]) != now[name])
        if changed:
            was = ", ".join(f"{name} was {before[name]} and is {now[name]}" for name in changed)
            raise UsageError(
                f"{str(path.parent)!r} was begun with other settings: {was}. Use the same, or "
                "another --out."
            )
        self._db.executemany("INSERT OR IGNORE INTO settings VALUES (?, ?)", now.items())
