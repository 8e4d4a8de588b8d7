"""The tables of a library, as they were first made; later changes are migrations."""

from __future__ import annotations

APPLICATION_ID = 0x4C4F4F4B
PAGE_SIZE = 8192

TABLES = (
    """CREATE TABLE state (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) WITHOUT ROWID""",
    # One row for each write transaction: the last is the data version, and its token tells
    # a cache of this very history from one of a backup that went another way.
    """CREATE TABLE commits (
        version INTEGER PRIMARY KEY,
        token INTEGER NOT NULL,
        at INTEGER NOT NULL
    )""",
    """CREATE TABLE sources (
        source INTEGER PRIMARY KEY,
        uri TEXT NOT NULL UNIQUE,
        added INTEGER NOT NULL
    )""",
    """CREATE TABLE contents (
        content INTEGER PRIMARY KEY AUTOINCREMENT,
        sha256 BLOB NOT NULL UNIQUE,
        size INTEGER NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        format TEXT NOT NULL,
        phash INTEGER NOT NULL
    )""",
    "CREATE INDEX contents_by_size ON contents (size)",
    """CREATE TABLE images (
        key INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        content INTEGER NOT NULL REFERENCES contents,
        source INTEGER NOT NULL REFERENCES sources,
        location TEXT NOT NULL,
        uri TEXT NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        checked_ns INTEGER NOT NULL,
        label TEXT,
        meta TEXT NOT NULL,
        added INTEGER NOT NULL,
        version INTEGER NOT NULL
    )""",
    "CREATE INDEX images_by_content ON images (content)",
    "CREATE INDEX images_by_version ON images (version)",
    """CREATE TABLE spaces (
        space INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        recipe TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        dim INTEGER NOT NULL,
        metric TEXT NOT NULL,
        created INTEGER NOT NULL
    )""",
    """CREATE TABLE vectors (
        space INTEGER NOT NULL REFERENCES spaces,
        content INTEGER NOT NULL REFERENCES contents ON DELETE CASCADE,
        version INTEGER NOT NULL,
        vector BLOB NOT NULL,
        UNIQUE (space, content)
    )""",
    "CREATE INDEX vectors_by_content ON vectors (content)",
    "CREATE INDEX vectors_by_version ON vectors (space, version)",
    """CREATE TABLE thumbnails (
        content INTEGER PRIMARY KEY REFERENCES contents ON DELETE CASCADE,
        webp BLOB NOT NULL
    )""",
    """CREATE TABLE rejects (
        id TEXT PRIMARY KEY,
        source INTEGER NOT NULL REFERENCES sources,
        uri TEXT NOT NULL,
        reason TEXT NOT NULL,
        detail TEXT NOT NULL,
        seen INTEGER NOT NULL
    )""",
    # A key whose row in any matrix older than this version no longer counts.
    """CREATE TABLE tombstones (
        key INTEGER PRIMARY KEY,
        version INTEGER NOT NULL
    )""",
    "CREATE INDEX tombstones_by_version ON tombstones (version)",
    # Contents that lost an image and may have none left: swept when the writer is done.
    "CREATE TABLE loose (content INTEGER PRIMARY KEY)",
)

LEARNED = """CREATE TABLE learned (
    space INTEGER NOT NULL REFERENCES spaces ON DELETE CASCADE,
    step INTEGER NOT NULL,
    name TEXT NOT NULL,
    array BLOB NOT NULL,
    PRIMARY KEY (space, step, name)
)"""
