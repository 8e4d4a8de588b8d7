"""Images: the rows by which contents go under ids; written once, looked up many ways."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any
from unicodedata import normalize

import numpy as np

from lookalike.errors import UnknownIdError
from lookalike.store import contents
from lookalike.store.cells import (
    location_cell,
    location_from,
    meta_cell,
    meta_from,
    name_cell,
    name_from,
    plain,
    unsigned,
)
from lookalike.store.database import Transaction
from lookalike.store.records import ImageRecord, Space
from lookalike.types import Content, Keys, Known, Reference, Stamp, location_uri, readable

_RECORD = (
    "SELECT key, id, images.uri, location, sources.uri, images.size, mtime_ns, label, meta, "
    "content, sha256, contents.size, width, height, format, phash, images.added "
    "FROM images JOIN contents USING (content) JOIN sources USING (source) "
)
_OF_KEYS = "WHERE key IN (SELECT value FROM json_each(?))"
# Clocks of file systems are coarse: a file read this soon after its modification may have
# been modified again unseen, so the time of the check is worth a write of its own.
_COARSE_NS = 10_000_000_000
_MANY_KEYS = 10_000


def find(connection: sqlite3.Connection, id_: str) -> tuple[int, int] | None:
    """Key and content of an id, None if it is not stored."""
    row: tuple[int, int] | None = connection.execute(
        "SELECT key, content FROM images WHERE id = ?", (id_,)
    ).fetchone()
    return row


def put(
    transaction: Transaction,
    source: int,
    reference: Reference,
    stamp: Stamp,
    *,
    content: int,
    checked_ns: int,
) -> None:
    """Store an image. One that has other bytes than before gets a new key."""
    connection = transaction.connection
    old = find(connection, reference.id)
    if old is not None and old[1] == content:
        return update(transaction, source, reference, stamp, checked_ns)
    added = int(time.time())
    if old is not None:
        (added,) = connection.execute(
            "SELECT added FROM images WHERE key = ?", (old[0],)
        ).fetchone()
        delete(transaction, *old)
    connection.execute(
        "INSERT INTO images (id, content, added, version, checked_ns, source, location, uri, "
        "size, mtime_ns, label, meta) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            reference.id,
            content,
            added,
            transaction.version,
            checked_ns,
            *_facts(source, reference, stamp),
        ),
    )
    return None


def update(
    transaction: Transaction, source: int, reference: Reference, stamp: Stamp, checked_ns: int
) -> None:
    """Bring up to date what may change while the bytes stay; writes only what differs."""
    facts = _facts(source, reference, stamp)
    transaction.connection.execute(
        "UPDATE images SET source = ?, location = ?, uri = ?, size = ?, mtime_ns = ?, label = ?, "
        "meta = ?, checked_ns = ? WHERE id = ? AND (checked_ns < mtime_ns + ? OR "
        "(source, location, uri, size, mtime_ns, label, meta) IS NOT (?, ?, ?, ?, ?, ?, ?))",
        (*facts, checked_ns, reference.id, _COARSE_NS, *facts),
    )


def _facts(source: int, reference: Reference, stamp: Stamp) -> tuple[object, ...]:
    return (
        source,
        location_cell(reference.location),
        name_cell(location_uri(reference.location)),
        stamp.size,
        stamp.mtime_ns,
        None if reference.label is None else plain(reference.label),
        meta_cell(reference.meta),
    )


def delete(transaction: Transaction, key: int, content: int) -> None:
    """Delete an image; its key is never used again, its content stays until the sweep."""
    transaction.connection.execute("DELETE FROM images WHERE key = ?", (key,))
    transaction.connection.execute(
        "INSERT OR REPLACE INTO tombstones (key, version) VALUES (?, ?)",
        (key, transaction.version),
    )
    contents.loosen(transaction, content)


def known(connection: sqlite3.Connection, space: Space, ids: Iterable[str]) -> dict[str, Known]:
    """What is stored of each id; ids that are not stored are left out."""
    found: dict[str, Known] = {}
    for id_ in ids:
        row = connection.execute(
            "SELECT uri, images.size, mtime_ns, checked_ns, sha256, label, meta, NOT EXISTS "
            "(SELECT 1 FROM vectors WHERE space = ? AND vectors.content = images.content) "
            "FROM images JOIN contents USING (content) WHERE id = ?",
            (space.key, id_),
        ).fetchone()
        if row is not None:
            uri, size, mtime_ns, checked_ns, sha256, label, meta, missing = row
            found[id_] = Known(
                uri=name_from(uri),
                stamp=Stamp(size, mtime_ns),
                checked_ns=checked_ns,
                sha256=sha256,
                label=label,
                meta=meta_from(meta),
                missing_vector=bool(missing),
            )
    return found


def get(connection: sqlite3.Connection, id_: str) -> ImageRecord:
    """The image of that id, however its accents are composed; raises UnknownIdError."""
    found = record_of(connection, id_)
    if found is not None:
        return found
    id_ = readable(id_)
    near = _near(connection, id_)
    hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else "See: lookalike info"
    raise UnknownIdError(f"No image {id_!r} in this library. {hint}")


def record_of(connection: sqlite3.Connection, id_: str) -> ImageRecord | None:
    """The same, None where there is none: nobody looks for ids that are like it."""
    for spelling in _spellings(readable(id_)):
        row = connection.execute(_RECORD + "WHERE id = ?", (spelling,)).fetchone()
        if row is not None:
            return _record(row)
    return None


def by_keys(connection: sqlite3.Connection, keys: Iterable[int]) -> list[ImageRecord]:
    """The images of these keys, in that order; keys removed meanwhile are left out."""
    wanted = [int(key) for key in keys]
    rows = connection.execute(_RECORD + _OF_KEYS, (json.dumps(wanted),))
    found = {row[0]: _record(row) for row in rows}
    return [found[key] for key in wanted if key in found]


def at(connection: sqlite3.Connection, uri: str, sha256: bytes) -> list[int]:
    """The keys of the images with these bytes that were found there."""
    rows = connection.execute(
        "SELECT key FROM images JOIN contents USING (content) WHERE sha256 = ? AND uri = ?",
        (sha256, name_cell(uri)),
    )
    return [key for (key,) in rows]


def contents_of(connection: sqlite3.Connection, keys: Keys) -> Keys:
    """The content (n,) of each image (n,), -1 for one that is gone."""
    found = dict(
        connection.execute(
            "SELECT key, content FROM images WHERE key IN (SELECT value FROM json_each(?))",
            (json.dumps(keys.tolist()),),
        )
    )
    return np.array([found.get(key, -1) for key in keys.tolist()], np.int64)


def contents_by_id(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, int]:
    """The content of each id, however its accents are composed; ids not stored are left out."""
    spellings = {id_: _spellings(id_) for id_ in ids}
    wanted = json.dumps([spelling for some in spellings.values() for spelling in some])
    found = dict(
        connection.execute(
            "SELECT id, content FROM images WHERE id IN (SELECT value FROM json_each(?))",
            (wanted,),
        )
    )
    first = {id_: next(filter(found.__contains__, some), None) for id_, some in spellings.items()}
    return {id_: found[spelling] for id_, spelling in first.items() if spelling is not None}


def copies_of(connection: sqlite3.Connection, numbers: Sequence[int]) -> list[int]:
    """How many images have each content."""
    found = dict(
        connection.execute(
            "SELECT content, count(*) FROM images "
            "WHERE content IN (SELECT value FROM json_each(?)) GROUP BY content",
            (json.dumps(list(numbers)),),
        )
    )
    return [found.get(number, 0) for number in numbers]


def first(connection: sqlite3.Connection, count: int) -> list[ImageRecord]:
    """The first images, in the order in which they were added."""
    rows = connection.execute(_RECORD + "ORDER BY key LIMIT ?", (count,))
    return [_record(row) for row in rows]


def keys_after(connection: sqlite3.Connection, after: int, count: int) -> list[int]:
    """The next `count` keys after one, rising."""
    rows = connection.execute(
        "SELECT key FROM images WHERE key > ? ORDER BY key LIMIT ?", (after, count)
    )
    return [key for (key,) in rows]


def keys_before(connection: sqlite3.Connection, before: int, count: int) -> list[int]:
    """The next `count` keys below one, falling."""
    rows = connection.execute(
        "SELECT key FROM images WHERE key < ? ORDER BY key DESC LIMIT ?", (before, count)
    )
    return [key for (key,) in rows]


def ids_of(connection: sqlite3.Connection, keys: Sequence[int] | Keys) -> list[str | None]:
    """The id of each key, None where it was removed meanwhile."""
    if len(keys) > _MANY_KEYS:
        every = dict(connection.execute("SELECT key, id FROM images"))
        return [every.get(int(key)) for key in keys]
    rows = (
        connection.execute("SELECT id FROM images WHERE key = ?", (int(key),)).fetchone()
        for key in keys
    )
    return [None if row is None else row[0] for row in rows]


def ids_after(connection: sqlite3.Connection, source: int, after: str, limit: int) -> list[str]:
    """The next `limit` ids of a source, in order."""
    return [
        id_
        for (id_,) in connection.execute(
            "SELECT id FROM images WHERE source = ? AND id > ? ORDER BY id LIMIT ?",
            (source, after, limit),
        )
    ]


def _spellings(id_: str) -> list[str]:
    """An id as valid Unicode, as it is and with its accents composed otherwise."""
    id_ = readable(id_)
    if id_.isascii():
        return [id_]
    return list(dict.fromkeys((id_, normalize("NFC", id_), normalize("NFD", id_))))


def _record(row: tuple[Any, ...]) -> ImageRecord:
    key, id_, uri, location, source, size, mtime_ns, label, meta, content, *facts, added = row
    sha256, content_size, width, height, format_, phash = facts
    return ImageRecord(
        key=key,
        id=id_,
        uri=name_from(uri),
        location=location_from(location),
        source=name_from(source),
        stamp=Stamp(size, mtime_ns),
        label=label,
        meta=meta_from(meta),
        content_key=content,
        content=Content(sha256, content_size, width, height, format_, unsigned(phash)),
        added=added,
    )


def _near(connection: sqlite3.Connection, id_: str) -> list[str]:
    """Up to three ids that look like `id_`: its neighbours in order, and its name elsewhere."""
    name = id_.rsplit("/", 1)[-1]
    rows = [
        *connection.execute("SELECT id FROM images WHERE id >= ? ORDER BY id LIMIT 50", (id_,)),
        *connection.execute("SELECT id FROM images WHERE id < ? ORDER BY id DESC LIMIT 50", (id_,)),
        *connection.execute("SELECT id FROM images WHERE instr(id, ?) LIMIT 20", (name,)),
    ]
    ids = list(dict.fromkeys(row[0] for row in rows))
    inside = [other for other in ids if name and name in other]
    return list(dict.fromkeys([*get_close_matches(id_, ids, n=3, cutoff=0.6), *inside]))[:3]
