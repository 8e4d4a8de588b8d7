"""A store of vectors with labels and senders, as a run of the pipeline would leave it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lookalike.store.store import Store
from lookalike.types import Content, Embedded, File, Reference, Scalar, Stamp

RECIPE = {"model": "drawn", "reducers": [], "normalised": True, "dtype": "float16"}


def make_store(
    folder: Path,
    vectors: np.ndarray,
    labels: Sequence[str | None],
    metas: Sequence[dict[str, Scalar]] | None = None,
    spaces: dict[str, np.ndarray] | None = None,
) -> Store:
    """Images `i000`, `i001`, ... with the vectors of the space `main`, and of others."""
    store = Store.create(folder / ".lookalike")
    space = store.space_add("main", RECIPE, "main", dim=vectors.shape[1])
    source = store.source("table")
    outcomes = [
        Embedded(
            Reference(f"i{i:03d}", File(f"/i{i}"), labels[i], metas[i] if metas else {}),
            Stamp(i, 5),
            Content(hashlib.sha256(b"%d" % i).digest(), i, 4, 4, "JPEG", i),
            vector,
        )
        for i, vector in enumerate(vectors.astype(np.float32))
    ]
    store.write(space, source, outcomes, 9)
    for name, others in (spaces or {}).items():
        other = store.space_add(name, RECIPE | {"model": name}, name, dim=others.shape[1])
        contents = [image.content_key for image in store.first_images(len(others))]
        store.add_vectors(other, list(zip(contents, others.astype(np.float32), strict=True)))
    return store


def clusters(
    counts: Sequence[int], dim: int, spread: float, seed: int
) -> tuple[np.ndarray, list[str]]:
    """Unit vectors around as many centres, and the label of each."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(len(counts), dim))
    which = np.repeat(np.arange(len(counts)), counts)
    vectors = centres[which] + spread * generator.normal(size=(len(which), dim))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors, [f"kind {number}" for number in which]
