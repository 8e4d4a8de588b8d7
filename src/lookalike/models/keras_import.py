"""Imports Keras on a backend that is there, and reads its model files without running any code."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from lookalike.errors import MissingExtraError, ModelError
from lookalike.models.openvino_runtime import import_openvino

BACKENDS = ("openvino", "torch", "tensorflow", "jax")
"""In the order in which they are tried; OpenVINO is what the extra installs."""
SUFFIXES = (".keras", ".h5", ".hdf5")


def import_keras() -> ModuleType:
    """Keras, on the backend of `KERAS_BACKEND` or else on the first that is installed.

    Raises `MissingExtraError`.
    """
    if "keras" not in sys.modules:
        if not os.environ.get("KERAS_BACKEND"):
            found = [name for name in BACKENDS if find_spec(name)]
            if not found or not find_spec("keras"):
                raise MissingExtraError("A Keras model", "keras")
            os.environ["KERAS_BACKEND"] = found[0]
        if os.environ["KERAS_BACKEND"] == "openvino":
            import_openvino()
    try:
        import keras
    except ImportError as error:
        raise MissingExtraError(f"A Keras model ({error})", "keras") from error
    module: ModuleType = keras
    return module


def load_keras(path: Path) -> Any:
    """The model in a `.keras` or `.h5` file, for inference.

    Raises `ModelError` for a file that is damaged or would need code of its own: a lambda,
    a class that is not Keras's.
    """
    if path.suffix not in SUFFIXES:
        raise ModelError(f"{path} is no Keras model by its name: {' or '.join(SUFFIXES)}.")
    _refuse_code(path, _config(path))
    try:
        return import_keras().models.load_model(path, compile=False, safe_mode=True)
    except (ValueError, TypeError, KeyError, OSError, NotImplementedError) as error:
        raise ModelError(f"{path} cannot be loaded by Keras: {error}") from error


def _config(path: Path) -> Any:
    try:
        if path.suffix == ".keras":
            with zipfile.ZipFile(path) as archive:
                return json.loads(archive.read("config.json"))
        import_keras()
        import h5py

        with h5py.File(path, "r") as file:
            if "model_config" not in file.attrs:
                raise ModelError(f"{path} holds weights alone; save the whole model: model.save().")
            return json.loads(file.attrs["model_config"])
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path} is no Keras model, or is damaged: {error}") from error


def _refuse_code(path: Path, config: Any) -> None:
    for part in _parts(config):
        name, module = str(part["class_name"]), part.get("module")
        registered = part.get("registered_name")
        if "lambda" in name.lower():
            raise ModelError(
                f"{path} has a lambda layer, which is code that would run here. Refused: save the "
                "model with a layer of Keras in its place."
            )
        foreign = module is not None and module.split(".")[0] not in {"keras", "builtins"}
        if foreign or (module is None and registered and registered != name):
            raise ModelError(
                f"{path} needs the class {registered or name} of {module or 'its author'}, which "
                "is not Keras's own. Refused: code is never taken from a model."
            )


def _parts(config: Any) -> Iterator[dict[str, Any]]:
    """Every object of a configuration, however deep."""
    if isinstance(config, list):
        for each in config:
            yield from _parts(each)
    elif isinstance(config, dict):
        if "class_name" in config:
            yield config
        for key, each in config.items():
            if key != "compile_config":
                yield from _parts(each)
