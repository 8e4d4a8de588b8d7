"""The catalogue of models by name: one TOML file a family, one table a model."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from lookalike.errors import UnknownNameError
from lookalike.images.preprocess import Preprocessing


@dataclass(frozen=True, slots=True)
class CatalogRow:
    """What the catalogue says of one model.

    `opener` is "module:function", from this row and options to a network; `revision` is raised when
    the same weights are built into a network that gives other vectors. `builder`, where there is
    one, is a function from this row to the network as a serialized ONNX model.
    """

    name: str
    opener: str
    weights: str
    weights_sha256: str
    revision: str
    head: str
    dimension: int
    licence: str
    advice: str
    preprocessing: Preprocessing
    builder: str | None = None


@cache
def catalog() -> dict[str, CatalogRow]:
    """All rows by name."""
    rows: dict[str, CatalogRow] = {}
    for file in sorted(files(__package__).iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            for name, fields in tomllib.loads(file.read_text("utf-8")).items():
                preprocessing = Preprocessing.from_recipe(fields.pop("preprocessing"))
                rows[name] = CatalogRow(name=name, preprocessing=preprocessing, **fields)
    return rows


def catalog_row(name: str) -> CatalogRow:
    """One row. Raises `UnknownNameError` with the nearest names."""
    if name not in catalog():
        raise UnknownNameError("model", name, catalog())
    return catalog()[name]
