"""A model by name: its recipe, its preprocessing and its network."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from lookalike.images.preprocess import Preprocessing
from lookalike.models.cache import cached_file
from lookalike.models.catalog import CatalogRow, catalog_row

DEFAULT_MODEL = "efficientnet-lite0"


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides what a vector means. Vectors of two recipes never share a space.

    The runtime and its precision are not part of it: they compute the same function.
    """

    model: str
    revision: str
    weights_sha256: str
    head: str
    preprocessing: Preprocessing
    dimension: int
    normalised: bool
    dtype: str = "float16"

    def as_dict(self) -> dict[str, Any]:
        """Plain data for the library."""
        return {
            "model": self.model,
            "revision": self.revision,
            "weights_sha256": self.weights_sha256,
            "head": self.head,
            "preprocessing": self.preprocessing.as_recipe(),
            "reducers": [],
            "dimension": self.dimension,
            "normalised": self.normalised,
            "dtype": self.dtype,
        }

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits that two equal recipes share."""
        canonical = json.dumps(self.as_dict(), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Model:
    """One row of the catalogue, ready to be opened."""

    row: CatalogRow

    def recipe(self, *, normalised: bool) -> Recipe:
        """The recipe of this model's vectors, of unit length or as the network gives them."""
        row = self.row
        return Recipe(
            model=row.name,
            revision=row.revision,
            weights_sha256=row.weights_sha256,
            head=row.head,
            preprocessing=row.preprocessing,
            dimension=row.dimension,
            normalised=normalised,
        )

    def serialized(self) -> bytes:
        """The network as ONNX: from the cache, or built and put there. Raises `ModelError`."""
        row = self.row
        name = f"{row.name}-{row.revision}-{row.weights_sha256[:12]}.onnx"
        return cached_file(f"models/{name}", lambda: _builder(row)(row))


def _builder(row: CatalogRow) -> Any:
    module, function = row.builder.split(":")
    return getattr(import_module(module), function)


def find_model(name: str) -> Model:
    """A model by its name. Raises `UnknownNameError` with the nearest names."""
    return Model(catalog_row(name))
