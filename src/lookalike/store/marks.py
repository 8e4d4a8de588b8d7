"""Short texts that change whenever the images, the vectors of a space or the verdicts do."""

from __future__ import annotations

import hashlib
import sqlite3

from lookalike.store.records import Space

_MEMBERS = (
    "SELECT (SELECT min(version) || ':' || token FROM commits), (SELECT count(*) FROM images), "
    "(SELECT max(version) FROM images), (SELECT max(version) FROM tombstones)"
)
_RETOLD = "SELECT max(version) FROM retold"
_DERIVED = "SELECT max(version), count(*) FROM derived"
_VECTORS = "SELECT count(*), max(version) FROM vectors WHERE space = ?"
_CONTENTS = "SELECT id, hex(sha256) FROM images JOIN contents USING (content) ORDER BY id"
_TOLD = "SELECT id, label, meta FROM images ORDER BY id"
_VERDICTS = "SELECT count(*), max(judged), total(verdict) FROM judgements"


def of_images(connection: sqlite3.Connection) -> str:
    """Changes when an image is added, replaced, removed, or told anew."""
    return _of(connection, _MEMBERS, _RETOLD)


def of_members(connection: sqlite3.Connection) -> str:
    """Changes when an image is added, replaced or removed."""
    return _of(connection, _MEMBERS)


def of_columns(connection: sqlite3.Connection) -> str:
    """Changes when an image is added, replaced or removed, or its value in any column changes."""
    return _of(connection, _MEMBERS, _RETOLD, _DERIVED)


def of_vectors(connection: sqlite3.Connection, space: Space) -> str:
    """Changes when a space is another one, or a vector of it is added or removed."""
    row = connection.execute(_VECTORS, (space.key,)).fetchone()
    return _joined((space.name, space.fingerprint, *row))


def of_verdicts(connection: sqlite3.Connection) -> str:
    """Changes when a verdict is given or taken back."""
    return _of(connection, _VERDICTS)


def digests(connection: sqlite3.Connection) -> tuple[str, str]:
    """The sha256 of all ids with that of their bytes, and of all ids with what tables say of them.

    Two libraries of the same images, however they came to hold them, have the same.
    """
    found = []
    for query in (_CONTENTS, _TOLD):
        total = hashlib.sha256()
        for row in connection.execute(query):
            total.update(repr(row).encode())
        found.append(total.hexdigest())
    return found[0], found[1]


def _of(connection: sqlite3.Connection, *queries: str) -> str:
    return " ".join(_joined(connection.execute(query).fetchone()) for query in queries)


def _joined(row: tuple[object, ...]) -> str:
    return " ".join(map(str, row))
