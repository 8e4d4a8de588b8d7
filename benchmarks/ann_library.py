"""A library of generated vectors, written as the pipeline would, without images or networks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np

from lookalike.library.spaces import IMPORTED
from lookalike.reduce.unit import unit_length
from lookalike.store.store import Store
from lookalike.types import Content, Embedded, File, Floats, Reference, Scalar, Stamp

CLUSTERS = 1000
_AT_ONCE = 5000


Told: TypeAlias = Callable[[int, Floats], Mapping[str, Scalar]]
"""The metadata of image number i, given its vector (dim,)."""


def fill(
    home: Path, first: int, count: int, dim: int, told: Told = lambda _number, _vector: {}
) -> None:
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
                store.write(space, source, _outcomes(start, unit_length(vectors), told), 1)


def _outcomes(first: int, vectors: Floats, told: Told) -> list[Embedded]:
    return [
        _outcome(f"{number:08d}.jpg", vector, told(number, vector))
        for number, vector in enumerate(vectors, start=first)
    ]


def _outcome(name: str, vector: Floats, meta: Mapping[str, Scalar]) -> Embedded:
    digest = hashlib.sha256(name.encode()).digest()
    content = Content(digest, 1, 1, 1, "JPEG", 0)
    reference = Reference(name, File(f"/generated/{name}"), meta=meta)
    return Embedded(reference, Stamp(1, 1), content, vector)
