"""Outcomes as the pipeline would make them, with contents and vectors named by a word."""

from __future__ import annotations

import hashlib

import numpy as np

from lookalike.types import (
    Content,
    Duplicate,
    Embedded,
    File,
    Floats,
    Location,
    Reference,
    Scalar,
    Stamp,
    Unchanged,
)

DIM = 8
NOW = 1_700_000_000_000_000_000


def sha(word: str) -> bytes:
    return hashlib.sha256(word.encode()).digest()


def vector(word: str, dim: int = DIM) -> Floats:
    seed = int.from_bytes(sha(word)[:4], "little")
    return np.random.default_rng(seed).standard_normal(dim).astype(np.float32)


def unit_half(values: Floats) -> np.ndarray:
    wide = values.astype(np.float64)
    return (wide / np.sqrt((wide**2).sum())).astype(np.float16)


def reference(
    id_: str,
    location: Location | None = None,
    label: str | None = None,
    meta: dict[str, Scalar] | None = None,
) -> Reference:
    return Reference(id_, location or File(f"/photos/{id_}"), label, meta or {})


def stamp(word: str = "", mtime_ns: int = 5) -> Stamp:
    return Stamp(1000 + len(word), mtime_ns)


def content(word: str) -> Content:
    return Content(sha(word), 1000 + len(word), 40, 30, "JPEG", int.from_bytes(sha(word)[:8]))


def embedded(
    id_: str, word: str | None = None, *, dim: int = DIM, thumbnail: bytes | None = None
) -> Embedded:
    word = word or id_
    return Embedded(reference(id_), stamp(word), content(word), vector(word, dim), thumbnail)


def duplicate(id_: str, word: str) -> Duplicate:
    return Duplicate(reference(id_), stamp(word), sha(word))


def unchanged(id_: str, word: str | None = None) -> Unchanged:
    return Unchanged(reference(id_), stamp(word or id_))
