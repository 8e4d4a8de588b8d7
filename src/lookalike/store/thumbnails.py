"""Thumbnails: small WebP pictures, one for each content that has one."""

from __future__ import annotations

import sqlite3

from lookalike.store.database import Transaction


def get(connection: sqlite3.Connection, content: int) -> bytes | None:
    """The WebP bytes of a content's thumbnail, None if there is none yet."""
    row = connection.execute("SELECT webp FROM thumbnails WHERE content = ?", (content,)).fetchone()
    return None if row is None else bytes(row[0])


def put(transaction: Transaction, content: int, webp: bytes) -> None:
    """Keep a thumbnail; a content that is gone meanwhile is passed over."""
    transaction.connection.execute(
        "INSERT OR REPLACE INTO thumbnails (content, webp) "
        "SELECT content, ? FROM contents WHERE content = ?",
        (webp, content),
    )
