"""A library as one bundle that opens anywhere: database, models as ONNX, settings, checksums."""

from __future__ import annotations

import json
import platform
import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lookalike.errors import LookalikeError, UsageError
from lookalike.library.carried import FOLDER, INDEX, file_digest, identity
from lookalike.library.locate import DATABASE_NAME
from lookalike.library.spaces import is_imported, way_of
from lookalike.models.catalog import catalog_row
from lookalike.models.spec import parse_spec
from lookalike.models.trying import export
from lookalike.store.records import Space
from lookalike.store.store import Store

MANIFEST = "bundle.json"
SETTINGS = "lookalike.yml"
FORMAT = 1
_PACKAGES = ("lookalike", "numpy", "onnx", "onnxruntime", "pillow")

OnStep = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was written. `digest` is the sha256 of its manifest, which names all files.

    `without_model` are spaces whose vectors it has, and no model to add to them.
    """

    path: Path
    digest: str
    images: int
    spaces: list[str]
    models: int
    size: int
    without_model: list[str]


def write_bundle(store: Store, path: Path, settings: Path | None, on_step: OnStep) -> Bundle:
    """Write a bundle as a new folder, or as a zip archive where the name ends so.

    Raises `UsageError` where something is there already, or cannot be written.
    """
    if path.exists():
        raise UsageError(f"{path} is there already: name a bundle that is new.")
    place = path.absolute()
    if not place.parent.is_dir():
        raise UsageError(f"There is no folder {place.parent} to write {place.name} into.")
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{place.name}.") as draft:
        folder = Path(draft) / "bundle"
        folder.mkdir()
        on_step("copying the library", 0, 1)
        store.back_up(folder / DATABASE_NAME)
        index, lacking = _models(store, folder, on_step)
        if settings is not None:
            shutil.copyfile(settings, folder / SETTINGS)
        manifest = _manifest(store, folder, index, lacking)
        text = json.dumps(manifest, indent=2)
        (folder / MANIFEST).write_text(text, encoding="utf-8")
        digest = file_digest(folder / MANIFEST)
        size = sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())
        made = _zipped(folder, Path(draft) / "bundle.zip") if place.suffix == ".zip" else folder
        made.rename(place)
    counts = store.counts()
    names = [space.name for space in store.spaces()]
    return Bundle(path, digest, counts.images, names, len(index), size, lacking)


def _models(
    store: Store, folder: Path, on_step: OnStep
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Write each model once; the rows of the index, and the spaces that have no model."""
    (folder / FOLDER).mkdir()
    rows: dict[str, dict[str, Any]] = {}
    lacking: list[str] = []
    spaces = store.spaces()
    for number, space in enumerate(spaces):
        on_step("writing models", number, len(spaces))
        key = identity(space.recipe)
        if key not in rows and not _written(store, space, key, folder / FOLDER, rows):
            lacking.append(space.name)
    (folder / FOLDER / INDEX).write_text(json.dumps(rows, indent=2), encoding="utf-8")
    return rows, lacking


def _written(
    store: Store, space: Space, key: str, folder: Path, rows: dict[str, dict[str, Any]]
) -> bool:
    """Whether the model of a space is in the bundle, or needs not be: it is code, not weights."""
    if is_imported(space):
        return False
    try:
        model = way_of(store, space).model
        if model.to_onnx is None:
            return parse_spec(model.name).loader is None and not catalog_row(model.name).source
        path = folder / f"{key}.onnx"
        export(model, path)
    except LookalikeError:
        return False
    rows[key] = {
        "file": path.name,
        "sha256": file_digest(path),
        "model": model.name,
        "licence": model.licence,
        "cells": len(model.shape) == 2,
        "preprocessing": model.preprocessing.as_recipe(),
    }
    return True


def _manifest(
    store: Store, folder: Path, index: dict[str, dict[str, Any]], lacking: list[str]
) -> dict[str, Any]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        "format": FORMAT,
        "made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in _PACKAGES},
        },
        "images": store.counts().images,
        "default_space": store.space().name,
        "spaces": [
            {
                "name": space.name,
                "spec": space.spec,
                "fingerprint": space.fingerprint,
                "dimension": space.dim,
                "metric": space.metric,
                "recipe": dict(space.recipe),
                "model": index.get(identity(space.recipe), {}).get("file"),
            }
            for space in store.spaces()
        ],
        "without_model": lacking,
        "files": {
            path.relative_to(folder).as_posix(): {
                "bytes": path.stat().st_size,
                "sha256": file_digest(path),
            }
            for path in files
        },
    }


def _zipped(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for each in sorted(folder.rglob("*")):
            if each.is_file():
                archive.write(each, each.relative_to(folder).as_posix())
    return path
