"""What every content is known by: its first image, its perceptual hash; and its copies."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.types import NO_IMAGE, Keys


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """One row for each content that is an image, by key: the `keys` (n,) of their first images,
    rising, the `contents` (n,) and their 64-bit perceptual `hashes` (n,) uint64.
    """

    keys: Keys
    contents: Keys
    hashes: NDArray[np.uint64]


def every(connection: sqlite3.Connection) -> Fingerprints:
    """The fingerprints of all contents."""
    rows = connection.execute(
        "SELECT min(key), content, phash FROM images JOIN contents USING (content) "
        "WHERE format <> ? GROUP BY content ORDER BY min(key)",
        (NO_IMAGE,),
    )
    table = np.fromiter((cell for row in rows for cell in row), np.int64).reshape(-1, 3)
    return Fingerprints(table[:, 0], table[:, 1], table[:, 2].astype(np.uint64))


def copies(connection: sqlite3.Connection) -> dict[int, list[int]]:
    """The keys of the images of each content that has several."""
    found: dict[int, list[int]] = {}
    rows = connection.execute(
        "SELECT content, key FROM images WHERE content IN (SELECT content FROM images "
        "JOIN contents USING (content) WHERE format <> ? GROUP BY content HAVING count(*) > 1) "
        "ORDER BY content, key",
        (NO_IMAGE,),
    )
    for content, key in rows:
        found.setdefault(content, []).append(key)
    return found
