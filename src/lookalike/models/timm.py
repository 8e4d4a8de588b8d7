"""Loads `timm:NAME@HEAD`: any network of timm whose weights are published as safetensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from lookalike.errors import ModelError, UnknownNameError
from lookalike.images.preprocess import Preprocessing
from lookalike.models.hub import Repository
from lookalike.models.model import Model
from lookalike.models.spec import Spec
from lookalike.models.timm_build import build, import_timm, preprocessing_of, vision
from lookalike.models.torch_model import torch_model
from lookalike.models.torch_network import KEPT

REVISION = "1"
"""Raised when the same weights are run in a way that gives other vectors."""


def load(spec: Spec, stated: Preprocessing | None = None) -> Model:
    """The network of that name, such as `vit_small_patch16_224.augreg_in21k`.

    `stated` preprocessing goes before timm's own; where the input has one size only, the network
    is made for the size of `stated`.

    Raises `MissingExtraError`, `UnknownNameError`, `UsageError` for a head that does not fit, and
    `ModelError` for weights that cannot be had or used.
    """
    weights = published_weights(pretrained_config(spec.name))
    return _made(replace(spec, reducers=()), stated, weights, weights.stat().st_mtime_ns)


def published_weights(config: Mapping[str, Any]) -> Path:
    """The safetensors file of a pretrained_cfg, from the hub or its cache; raises `ModelError`."""
    file = config.get("hf_hub_filename") or "model.safetensors"
    return Repository(config["hf_hub_id"]).need_one(_safe(file), "model.safetensors")


@lru_cache(maxsize=KEPT)
def _made(spec: Spec, stated: Preprocessing | None, weights: Path, _: int) -> Model:
    config = pretrained_config(spec.name)
    module = build(spec.name.partition(".")[0], weights, config, _size(config, stated))
    return torch_model(
        str(spec),
        REVISION,
        [weights],
        vision(module, spec.head, f"timm:{spec.name}"),
        stated or preprocessing_of(module),
        head=spec.head,
        licence=config.get("license") or "not stated",
    )


def _size(config: dict[str, Any], stated: Preprocessing | None) -> dict[str, Any]:
    if stated is None or not config.get("fixed_input_size"):
        return {}
    return {} if stated.crop == config["input_size"][-1] else {"img_size": stated.crop}


def pretrained_config(name: str) -> dict[str, Any]:
    """What timm knows of a network and tag: its pretrained_cfg, as plain data.

    Raises `UnknownNameError` with the nearest names, `ModelError` when no weights are published.
    """
    timm = import_timm(f"timm:{name}")
    architecture = name.partition(".")[0]
    if not timm.is_model(architecture):
        raise UnknownNameError("timm model", name, timm.list_models(pretrained=True))
    try:
        config = timm.get_pretrained_cfg(name)
    except RuntimeError as error:
        tags = timm.list_models(f"{architecture}.*", pretrained=True)
        raise UnknownNameError("timm model", name, tags) from error
    if config is None or not config.has_weights:
        raise ModelError(f"timm publishes no weights of {name}.")
    found: dict[str, Any] = {"hf_hub_id": f"timm/{name}", **config.to_dict()}
    return found


def _safe(file: str) -> str:
    """The safetensors beside a pickle of that name."""
    stem = file.rpartition(".")[0].replace("pytorch_model", "model")
    return f"{stem}.safetensors"
