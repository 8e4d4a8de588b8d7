"""Builds timm networks from safetensors files, and reads their preprocessing as data."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from lookalike.errors import MissingExtraError, ModelError, UnknownNameError
from lookalike.images.preprocess import FILTERS, Preprocessing
from lookalike.models.heads import apply_head
from lookalike.models.torch_network import Vision, import_torch


def import_timm(feature: str) -> ModuleType:
    """timm; raises `MissingExtraError` when it, or torch, is not installed."""
    import_torch(feature)
    try:
        import timm
    except ImportError as error:
        raise MissingExtraError(feature, "torch") from error
    module: ModuleType = timm
    return module


def build(
    architecture: str, weights: Path, config: Mapping[str, Any], arguments: Mapping[str, Any]
) -> Any:
    """The module with every weight of the file, its classifier still on.

    `config` is timm's pretrained_cfg, `arguments` what the architecture is made with. Raises
    `UnknownNameError` for an architecture that timm does not have, `ModelError` for weights
    that are not exactly those of the architecture.
    """
    timm = import_timm(architecture)
    if not timm.is_model(architecture):
        raise UnknownNameError("timm architecture", architecture, timm.list_models())
    from safetensors import SafetensorError

    known = {key: value for key, value in config.items() if key not in _SOURCES}
    try:
        return timm.create_model(
            architecture,
            pretrained=True,
            pretrained_cfg=known | {"file": str(weights)},
            **arguments,
        )
    except (*MISFITS, SafetensorError) as error:
        reason = " ".join(str(error).split())[:400]
        raise ModelError(f"{weights} does not fit {architecture}: {reason}") from error


MISFITS = (RuntimeError, KeyError, TypeError, ValueError, OSError, AssertionError)
_SOURCES = ("url", "file", "state_dict", "hf_hub_id", "hf_hub_filename", "source", "custom_load")


def vision(module: Any, head: str | None, name: str) -> Vision:
    """The module without its classifier: as timm pools it, or with a head on its features."""
    module.reset_classifier(0)
    if head is None:
        return Vision(module, module)
    prefix = int(getattr(module, "num_prefix_tokens", 0))
    channels_last = getattr(module, "output_fmt", "NCHW") == "NHWC"

    def forward(planes: Any) -> Any:
        features = module.forward_features(planes)
        if channels_last and features.ndim == 4:
            features = features.permute(0, 3, 1, 2)
        return apply_head(features, head, prefix=prefix, model=name)

    return Vision(module, forward)


def preprocessing_of(module: Any) -> Preprocessing:
    """What timm's own transform does, as data. Raises `ModelError` for what cannot be so."""
    from timm.data import resolve_model_data_config

    return from_data_config(resolve_model_data_config(module))


def from_data_config(config: Mapping[str, Any]) -> Preprocessing:
    """timm's data config (input_size, crop_pct, crop_mode, interpolation, mean, std) as ours."""
    channels, height, width = config["input_size"]
    mode, method = config["crop_mode"], config["interpolation"]
    shorter = math.floor(height / config["crop_pct"])
    if channels != 3 or height != width:
        raise ModelError(f"The model takes {config['input_size']}; images here are square, RGB.")
    if mode not in {"center", "squash"} or (mode == "squash" and shorter != height):
        raise ModelError(f"The crop mode {mode!r} with crop_pct {config['crop_pct']} is not known.")
    if method not in FILTERS:
        raise ModelError(f"The interpolation {method!r} is not one of {', '.join(FILTERS)}.")
    return Preprocessing(
        shorter_side=shorter,
        crop=height,
        interpolation=method,
        mean=times_255(config["mean"]),
        scale=times_255(config["std"]),
        fit="squash" if mode == "squash" else "crop",
        rounding="torchvision",
    )


def times_255(values: Any) -> tuple[float, float, float]:
    """Mean or deviation of values in 0..1 as one of values in 0..255."""
    red, green, blue = (float(value) * 255 for value in values)
    return red, green, blue


def inner_input(module: Any, node: str, head: str | None, name: str) -> Vision:
    """The module up to `node`: what goes into the module of that name, and a head on it.

    Raises `UnknownNameError` with the nearest names.
    """
    modules = dict(module.named_modules())
    if node not in modules or not node:
        raise UnknownNameError("module", node, [key for key in modules if key])
    caught = threading.local()

    def keep(_: Any, given: tuple[Any, ...]) -> None:
        caught.tensor = given[0]

    modules[node].register_forward_pre_hook(keep)
    prefix = int(getattr(module, "num_prefix_tokens", 0))

    def forward(planes: Any) -> Any:
        caught.tensor = None
        module(planes)
        if caught.tensor is None:
            raise ModelError(f"{name}: {node} is not used when an image goes through.")
        return (
            caught.tensor
            if head is None
            else apply_head(caught.tensor, head, prefix=prefix, model=name)
        )

    return Vision(module, forward, compiles=False)
