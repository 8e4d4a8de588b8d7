"""Vectors from elsewhere as a space: of images that the library holds, or of anything else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from lookalike.errors import UsageError
from lookalike.library.spaces import IMPORTED
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import NO_IMAGE, Content, Embedded, File, Floats, Metric, Reference, Stamp

SOURCE = "imported vectors"


@dataclass(frozen=True, slots=True)
class Imported:
    """How many vectors went to images of the library, and how many to ids without a file.

    `kept` were not taken: the space has a vector of that id already, or of an image of the same
    bytes. The three add up to what was offered.
    """

    space: str
    images: int
    others: int
    kept: int


def import_vectors(
    store: Store, name: str, blocks: Iterable[tuple[Sequence[str], Floats]], metric: Metric
) -> Imported:
    """Store vectors under their ids in space `name`, made for the dimension that they have.

    An id that the library does not hold becomes an entry without an image: it can be found
    and searched by, and has no picture. A vector that is there already stays.

    Raises `UsageError` for vectors that are zero or not finite, `RecipeMismatchError` when
    the space was made otherwise.
    """
    space: Space | None = None
    images = others = kept = 0
    with store.writing():
        for ids, vectors in blocks:
            _check(ids, vectors)
            if space is None:
                space = _space(store, name, vectors.shape[1], metric)
            held = store.contents_by_id(ids)
            known: list[tuple[int, Floats]] = []
            entries: dict[str, Embedded] = {}
            for id_, vector in zip(ids, vectors, strict=True):
                if id_ in held:
                    known.append((held[id_], vector))
                else:
                    entries.setdefault(id_, _entry(id_, vector))
            stored = store.add_vectors(space, known)
            store.write(space, store.source(SOURCE), [*entries.values()], 0)
            images, others = images + stored, others + len(entries)
            kept += len(ids) - stored - len(entries)
    if space is None:
        raise UsageError("There are no vectors to import.")
    return Imported(space.name, images, others, kept)


def _space(store: Store, name: str, dimension: int, metric: Metric) -> Space:
    recipe = {
        "model": IMPORTED + name,
        "reducers": [],
        "dimension": dimension,
        "normalised": metric == "cosine",
        "dtype": "float16",
    }
    fingerprint = hashlib.sha256(repr(sorted(recipe.items())).encode()).hexdigest()[:32]
    return store.space_add(name, recipe, fingerprint, dimension, metric)


def _entry(id_: str, vector: Floats) -> Embedded:
    digest = hashlib.sha256(b"no image\0" + id_.encode()).digest()
    content = Content(digest, size=0, width=0, height=0, format=NO_IMAGE, phash=0)
    return Embedded(Reference(id_, File("")), Stamp(0, 0), content, vector)


def _check(ids: Sequence[str], vectors: Floats) -> None:
    usable = np.isfinite(vectors).all(axis=1) & vectors.any(axis=1)
    if not usable.all():
        bad = ids[int(np.argmin(usable))]
        raise UsageError(f"The vector of {bad!r} is zero or has values that are not finite.")
