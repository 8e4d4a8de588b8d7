"""A library of generated vectors, written as the pipeline would, without images or networks."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from lookalike.embed.way import unit_length
from lookalike.library.spaces import IMPORTED
from lookalike.store.store import Store
from lookalike.types import Content, Embedded, File, Floats, Reference, Stamp

CLUSTERS = 1000
_AT_ONCE = 5000


def fill(home: Path, first: int, count: int, dim: int) -> None:
    """Images 00000000.jpg, ... numbered from `first`, with clustered vectors, in space main."""
    home.mkdir(parents=True, exist_ok=True)
    recipe = {
        "model": f"{IMPORTED}generated",
        "reducers": [],
        "dimension": dim,
        "normalised": True,
        "dtype": "float16",
    }
    centres = np.random.default_rng(0).standard_normal((CLUSTERS, dim), np.float32)
    with Store.create(home / ".lookalike") as store:
        space = store.space_add("main", recipe, f"{dim:032x}", dim, "cosine")
        source = store.source("generated")
        with store.writing():
            for start in range(first, first + count, _AT_ONCE):
                rng = np.random.default_rng(start + 1)
                number = min(_AT_ONCE, first + count - start)
                vectors = rng.standard_normal((number, dim), np.float32)
                vectors += centres[rng.integers(CLUSTERS, size=number)]
                store.write(space, source, _outcomes(start, unit_length(vectors)), 1)


def _outcomes(start: int, vectors: Floats) -> list[Embedded]:
    return [_outcome(f"{start + i:08d}.jpg", vector) for i, vector in enumerate(vectors)]


def _outcome(name: str, vector: Floats) -> Embedded:
    digest = hashlib.sha256(name.encode()).digest()
    content = Content(digest, 1, 1, 1, "JPEG", 0)
    return Embedded(Reference(name, File(f"/generated/{name}")), Stamp(1, 1), content, vector)
