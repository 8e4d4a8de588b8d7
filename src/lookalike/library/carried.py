"""Models that a library carries with it, as ONNX files: what came out of a bundle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lookalike.errors import ModelError
from lookalike.images.preprocess import Preprocessing
from lookalike.models.model import Model, find_model
from lookalike.store.records import Space

FOLDER = "models"
INDEX = "models.json"
_OF_MODEL = ("model", "revision", "weights_sha256", "head", "preprocessing")


def identity(recipe: Mapping[str, object]) -> str:
    """What names the model of a recipe: 32 hexadecimal digits."""
    told = {name: recipe.get(name) for name in _OF_MODEL}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]


def carried_model(directory: Path, space: Space) -> Model | None:
    """The model of a space that its library carries, under its own name; None without one.

    Raises `ModelError` when the file is not what it was when it was written.
    """
    index = directory / FOLDER / INDEX
    if not index.is_file():
        return None
    rows: Mapping[str, Any] = json.loads(index.read_text("utf-8"))
    row = rows.get(identity(space.recipe))
    if row is None:
        return None
    path = directory / FOLDER / Path(row["file"]).name
    if not path.is_file() or file_digest(path) != row["sha256"]:
        raise ModelError(
            f"{path}, the model of space {space.name!r} that the library carries, is missing or "
            "changed. Import the bundle again."
        )
    head = "@map" if row["cells"] else ""
    found = find_model(f"onnx:{path}{head}")
    recipe: Mapping[str, Any] = space.recipe
    return replace(
        found,
        name=recipe["model"],
        revision=recipe["revision"],
        weights_sha256=recipe["weights_sha256"],
        head=recipe["head"],
        preprocessing=Preprocessing.from_recipe(recipe["preprocessing"]),
        licence=row["licence"],
        note="",
    )


def file_digest(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
