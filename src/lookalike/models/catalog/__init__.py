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
    """What the catalogue says of one model: it has either an `opener` or a `source`.

    `source` is the spec of a model that comes from elsewhere; `head` and `preprocessing` here go
    before those of the source, and its `weights_sha256` is known when its file is there.
    `opener` is "module:function", from this row and options to a network; `revision` is raised when
    the same weights are built into a network that gives other vectors. `builder`, where there is
    one, is a function from this row to the network as a serialized ONNX model.
    """

    name: str
    revision: str
    head: str
    dimension: int
    licence: str
    advice: str
    preprocessing: Preprocessing
    opener: str = ""
    source: str = ""
    weights: str = ""
    weights_sha256: str = ""
    builder: str | None = None


@cache
def catalog() -> dict[str, CatalogRow]:
    """All rows by name."""
    rows: dict[str, CatalogRow] = {}
    for file in sorted(files(__package__).iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            for name, fields in tomllib.loads(file.read_text("utf-8")).items():
                preprocessing = Preprocessing.from_recipe(fields.pop("preprocessing"))
                if "source" in fields:
                    fields.setdefault("weights", f"lookalike[torch], {fields['source']}")
                rows[name] = CatalogRow(name=name, preprocessing=preprocessing, **fields)
    return rows


def catalog_row(name: str) -> CatalogRow:
    """One row. Raises `UnknownNameError` with the nearest names."""
    if name not in catalog():
        raise UnknownNameError("model", name, catalog())
    return catalog()[name]
