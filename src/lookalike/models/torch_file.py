"""Loads `torch:PATH#MODULE`: a safetensors checkpoint of a timm architecture; never a pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lookalike.errors import MissingExtraError, ModelError
from lookalike.models.hf import read_json
from lookalike.models.model import Model
from lookalike.models.sidecar import METADATA_KEY, stated_preprocessing
from lookalike.models.spec import Spec
from lookalike.models.timm_file import load_checkpoint

_CONFIG_KEYS = ("num_classes", "global_pool", "model_args", "pretrained_cfg")


def load(spec: Spec) -> Model:
    """The model in a safetensors file.

    Its architecture is named by `architecture` in the file's metadata, or in a `config.json`
    beside it. With `#MODULE` the vector is the input of that module.

    Raises `ModelError` for a file that is missing, unsafe, damaged or names no architecture,
    `UnknownNameError` for a module that it does not have.
    """
    path = Path(spec.name).expanduser().absolute()
    if not path.is_file():
        raise ModelError(f"There is no model file {path}.")
    metadata = _metadata(path)
    beside = path.with_name("config.json")
    if "architecture" in metadata:
        config = _from_metadata(metadata, path)
    elif beside.is_file():
        config = read_json(beside)
    else:
        config = {}
    if "architecture" not in config:
        raise ModelError(
            f"{path} names no architecture. Write it into the file's metadata, as "
            'save_file(state_dict, path, {"architecture": "resnet50"}), or into a config.json '
            "beside it."
        )
    stated = stated_preprocessing(path, metadata.get(METADATA_KEY))
    return load_checkpoint(replace(spec, name=str(path)), path, config, stated)


def _metadata(path: Path) -> Mapping[str, str]:
    """What a safetensors file says of itself. Raises `ModelError` for any other file."""
    with path.open("rb") as file:
        start = file.read(9)
    if path.suffix == ".pt2":
        raise ModelError(
            f"{path} is an exported program. torch unpickles parts of such a file and evaluates "
            "strings in it, which can run code, so it is refused. Where you trust it, write it as "
            "ONNX, and name that: torch.onnx.export(torch.export.load(PATH)).save('net.onnx')"
        )
    if start[:4] == b"PK\x03\x04" or start[:1] == b"\x80":
        raise ModelError(
            f"{path} is a pickle, or may hold one: opening it can run code, so it is refused. Save "
            "the weights as safetensors: safetensors.torch.save_file(model.state_dict(), PATH); or "
            "the network as ONNX, and name it onnx:PATH."
        )
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise MissingExtraError(f"torch:{path.name}", "torch") from error
    try:
        with safe_open(path, framework="np") as opened:
            return dict(opened.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} is no safetensors file, or is damaged: {error}") from error


def _from_metadata(metadata: Mapping[str, str], path: Path) -> dict[str, Any]:
    """The configuration in a file's metadata, where everything is text."""
    config: dict[str, Any] = {"architecture": metadata["architecture"]}
    for key in _CONFIG_KEYS:
        if key in metadata:
            try:
                config[key] = json.loads(metadata[key])
            except ValueError:
                if key != "global_pool":
                    raise ModelError(f"{path}: its {key} is no JSON: {metadata[key]!r}") from None
                config[key] = metadata[key]
    return config
