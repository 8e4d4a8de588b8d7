"""Loads `hf:ORG/NAME@REV` or `hf:FOLDER`: a model by the files that it has on the hub.

An ONNX export runs without torch. Else its configuration says whose model it is: timm's,
or transformers'. Code from a repository is never run, and weights are safetensors.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from lookalike.errors import ModelError, UsageError
from lookalike.models.hub import Repository
from lookalike.models.model import Model
from lookalike.models.spec import Spec

ONNX_FILES = ("onnx/vision_model.onnx", "onnx/model.onnx")
"""In this order: of a model of two towers, `model.onnx` needs a text with every image."""


def load(spec: Spec) -> Model:
    """The model of a repository or a folder.

    Raises `MissingExtraError`, `ModelError` for files that are missing, damaged or unsafe, and
    `UsageError` for a head that does not fit.
    """
    repository = _repository(spec)
    config = read_json(repository.need("config.json"))
    for file in ONNX_FILES:
        found = repository.find(file)
        if found is not None:
            from lookalike.models.hf_onnx import load_export

            return _named(load_export(spec, repository, found, config), spec)
    if "architecture" in config:
        from lookalike.models.timm_file import load_checkpoint

        weights = repository.need("model.safetensors")
        return _named(load_checkpoint(spec, weights, config, None), spec)
    if "auto_map" in config:
        raise ModelError(
            f"{spec.name} brings code of its own, which is never run here. Export it to ONNX, "
            "and name the file: onnx:FILE."
        )
    if "model_type" not in config:
        raise ModelError(f"The config.json of {spec.name} names no model_type and no architecture.")
    from lookalike.models.hf_torch import load_transformer

    return _named(load_transformer(spec, repository, config), spec)


def _repository(spec: Spec) -> Repository:
    folder = Path(spec.name).expanduser()
    if folder.is_dir():
        if spec.revision is not None:
            raise UsageError(f"{spec.name} is a folder: it has no revision {spec.revision!r}.")
        return Repository(spec.name, folder=folder.absolute())
    if spec.name.count("/") != 1 or spec.name.startswith(("/", ".", "~")):
        raise ModelError(f"{spec.name} is no folder here, and no ORG/NAME of a hub repository.")
    return Repository(spec.name, spec.revision)


def _named(model: Model, spec: Spec) -> Model:
    folder = Path(spec.name).expanduser()
    name = str(folder.absolute()) if folder.is_dir() else spec.name
    return replace(model, name=str(replace(spec, name=name, reducers=())))


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises `ModelError`."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise ModelError(f"{path} holds no JSON object.")
    return found
