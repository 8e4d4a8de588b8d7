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

JUDGEMENTS = (
    """CREATE TABLE judgements (
        query TEXT NOT NULL,
        image TEXT NOT NULL,
        verdict REAL NOT NULL,
        judged INTEGER NOT NULL,
        PRIMARY KEY (query, image)
    ) WITHOUT ROWID""",
    # Pairs drawn together with known chances: what an estimate over all pairs needs.
    """CREATE TABLE draws (
        batch INTEGER NOT NULL,
        query TEXT NOT NULL,
        image TEXT NOT NULL,
        chance REAL NOT NULL,
        universe TEXT NOT NULL,
        PRIMARY KEY (batch, query, image)
    ) WITHOUT ROWID""",
)

COLUMNS = (
    # Every name that metadata ever had, so that none has to be looked for in all of them.
    "CREATE TABLE meta_columns (name TEXT PRIMARY KEY) WITHOUT ROWID",
    # Images whose label, source or metadata changed while their bytes stayed.
    """CREATE TABLE retold (
        key INTEGER PRIMARY KEY,
        version INTEGER NOT NULL
    )""",
    "CREATE INDEX retold_by_version ON retold (version)",
    # Columns that are computed from contents; the value is a JSON array of words.
    """CREATE TABLE derived (
        name TEXT NOT NULL,
        content INTEGER NOT NULL REFERENCES contents ON DELETE CASCADE,
        version INTEGER NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (name, content)
    ) WITHOUT ROWID""",
    "CREATE INDEX derived_by_content ON derived (content)",
    "CREATE INDEX derived_by_version ON derived (version)",
    """CREATE TRIGGER images_name_columns AFTER INSERT ON images BEGIN
        INSERT OR IGNORE INTO meta_columns SELECT key FROM json_each(new.meta);
    END""",
    """CREATE TRIGGER images_retold AFTER UPDATE OF label, meta, source ON images
    WHEN (old.label, old.meta, old.source) IS NOT (new.label, new.meta, new.source) BEGIN
        INSERT OR IGNORE INTO meta_columns SELECT key FROM json_each(new.meta);
        INSERT OR REPLACE INTO retold
            VALUES (new.key, (SELECT coalesce(max(version), 0) + 1 FROM commits));
    END""",
    """CREATE TRIGGER images_untold AFTER DELETE ON images BEGIN
        DELETE FROM retold WHERE key = old.key;
    END""",
    "INSERT OR IGNORE INTO meta_columns SELECT json_each.key FROM images, json_each(images.meta)",
)

LAYOUTS = (
    """CREATE TABLE layouts (
        space INTEGER PRIMARY KEY REFERENCES spaces ON DELETE CASCADE,
        recipe TEXT NOT NULL,
        made INTEGER NOT NULL
    )""",
    """CREATE TABLE positions (
        space INTEGER NOT NULL REFERENCES layouts ON DELETE CASCADE,
        content INTEGER NOT NULL REFERENCES contents ON DELETE CASCADE,
        x REAL NOT NULL,
        y REAL NOT NULL,
        placed INTEGER NOT NULL,
        PRIMARY KEY (space, content)
    ) WITHOUT ROWID""",
    "CREATE INDEX positions_by_content ON positions (content)",
)

DECISIONS = (
    # The lower id first; a verdict counts while both images have the bytes it was given on.
    """CREATE TABLE decisions (
        first TEXT NOT NULL,
        second TEXT NOT NULL,
        first_sha256 BLOB NOT NULL,
        second_sha256 BLOB NOT NULL,
        verdict TEXT NOT NULL,
        decided INTEGER NOT NULL,
        PRIMARY KEY (first, second)
    ) WITHOUT ROWID""",
    # Folders into which files were moved, and whether each is under way, done or undone.
    """CREATE TABLE quarantines (
        folder TEXT PRIMARY KEY,
        plan TEXT NOT NULL,
        state TEXT NOT NULL,
        made INTEGER NOT NULL
    ) WITHOUT ROWID""",
)

CLASSIFIERS = (
    # `target` is the derived column that it fills, NULL where it was never applied.
    """CREATE TABLE classifiers (
        name TEXT PRIMARY KEY,
        recipe TEXT NOT NULL,
        figures TEXT NOT NULL,
        target TEXT,
        made INTEGER NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE classifier_arrays (
        classifier TEXT NOT NULL REFERENCES classifiers ON DELETE CASCADE,
        name TEXT NOT NULL,
        array BLOB NOT NULL,
        PRIMARY KEY (classifier, name)
    )""",
)

LABELS = (
    # What people said of contents, and what was concluded from it, one batch an act: the last
    # can be undone. The column that is filtered by is made of them anew after each.
    """CREATE TABLE labels (
        name TEXT NOT NULL,
        batch INTEGER NOT NULL,
        content INTEGER NOT NULL REFERENCES contents ON DELETE CASCADE,
        origin TEXT NOT NULL,
        label TEXT NOT NULL,
        chance REAL NOT NULL,
        PRIMARY KEY (name, batch, content)
    ) WITHOUT ROWID""",
    "CREATE INDEX labels_by_content ON labels (content)",
)
