"""Short texts that change whenever the images, the vectors of a space or the verdicts do."""

from __future__ import annotations

import sqlite3

from lookalike.store.records import Space

_IMAGES = (
    "SELECT (SELECT min(version) || ':' || token FROM commits), (SELECT count(*) FROM images), "
    "(SELECT max(version) FROM images), (SELECT max(version) FROM tombstones), "
    "(SELECT max(version) FROM retold)"
)
_VECTORS = "SELECT count(*), max(version) FROM vectors WHERE space = ?"
_VERDICTS = "SELECT count(*), max(judged), total(verdict) FROM judgements"


def of_images(connection: sqlite3.Connection) -> str:
    """Changes when an image is added, replaced, removed, or told anew."""
    return _joined(connection.execute(_IMAGES).fetchone())


def of_vectors(connection: sqlite3.Connection, space: Space) -> str:
    """Changes when a space is another one, or a vector of it is added or removed."""
    row = connection.execute(_VECTORS, (space.key,)).fetchone()
    return _joined((space.name, space.fingerprint, *row))


def of_verdicts(connection: sqlite3.Connection) -> str:
    """Changes when a verdict is given or taken back."""
    return _joined(connection.execute(_VERDICTS).fetchone())


def _joined(row: tuple[object, ...]) -> str:
    return " ".join(map(str, row))
