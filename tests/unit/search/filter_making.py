"""Libraries of images with metadata, and filters evaluated the slow way: image by image."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from lookalike.search.filters.resolve import filtered
from lookalike.store import Space, Store
from lookalike.types import Content, Embedded, File, Reference, Scalar, Stamp, Unchanged

NOW = 1_700_000_000_000_000_000


def reference(id_: str, label: str | None, meta: Mapping[str, Scalar]) -> Reference:
    return Reference(id_, File(f"/photos/{id_}"), label, meta)


def embedded(id_: str, label: str | None, meta: Mapping[str, Scalar]) -> Embedded:
    sha = hashlib.sha256(id_.encode()).digest()
    seed = int.from_bytes(sha[:4], "little")
    vector = np.random.default_rng(seed).standard_normal(4).astype(np.float32)
    content = Content(sha, 1000 + seed % 7, 40 + seed % 3, 30, "JPEG", 5)
    return Embedded(reference(id_, label, meta), Stamp(1000, 5), content, vector)


def told_anew(id_: str, label: str | None, meta: Mapping[str, Scalar]) -> Unchanged:
    return Unchanged(reference(id_, label, meta), Stamp(1000, 5))


class Filtering:
    """A store with one space, whose images are written in one line."""

    def __init__(self, directory: Path) -> None:
        self.store = Store.create(directory)
        recipe = {"model": "tiny", "reducers": [], "normalised": True}
        self.space: Space = self.store.space_add("main", recipe, "0123456789abcdef", 4)
        self.source = self.store.source("/photos")

    def put(self, rows: Mapping[str, tuple[str | None, Mapping[str, Scalar]]]) -> None:
        made = [embedded(id_, label, meta) for id_, (label, meta) in rows.items()]
        self.store.write(self.space, self.source, made, NOW)

    def tell(self, rows: Mapping[str, tuple[str | None, Mapping[str, Scalar]]]) -> None:
        told = [told_anew(id_, label, meta) for id_, (label, meta) in rows.items()]
        self.store.write(self.space, self.source, told, NOW)

    def ids(self, where: str) -> list[str]:
        keys = filtered(self.store.column_cache, where).keys
        return [id_ for id_ in self.store.ids(keys) if id_ is not None]
