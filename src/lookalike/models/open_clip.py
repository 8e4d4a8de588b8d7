"""Loads `open_clip:ARCH/PRETRAINED`: a model of images and texts, both halves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from lookalike.errors import MissingExtraError, ModelError, UnknownNameError, UsageError
from lookalike.images.preprocess import FILTERS, Fit, Preprocessing
from lookalike.models.hub import Repository
from lookalike.models.model import Model
from lookalike.models.spec import Spec
from lookalike.models.timm_build import MISFITS, times_255
from lookalike.models.torch_model import torch_model
from lookalike.models.torch_network import KEPT, Vision, import_torch
from lookalike.types import Floats

REVISION = "1"
FILES = ("open_clip_model.safetensors", "model.safetensors")
_FITS: dict[str, Fit] = {"shortest": "crop", "squash": "squash", "longest": "pad"}


def load(spec: Spec, stated: Preprocessing | None = None) -> Model:
    """The model of an architecture and a tag, or a safetensors file, of open_clip.

    `stated` preprocessing goes before that of the weights.

    Raises `MissingExtraError`, `UnknownNameError`, `UsageError` for a head, `ModelError` for
    weights that cannot be had or used.
    """
    open_clip = _import(str(spec))
    architecture, slash, pretrained = spec.name.partition("/")
    if architecture not in open_clip.list_models():
        raise UnknownNameError("open_clip architecture", architecture, open_clip.list_models())
    if not slash:
        tags = open_clip.list_pretrained_tags_by_model(architecture)
        raise UsageError(f"Say which weights: open_clip:{architecture}/{' or /'.join(tags[:8])}")
    if spec.head is not None:
        raise UsageError(f"open_clip's models give one vector: leave @{spec.head} out.")
    weights, config = _weights(open_clip, architecture, pretrained)
    wanted = ("mean", "std", "interpolation", "resize_mode")
    module = _build(
        architecture,
        weights,
        weights.stat().st_mtime_ns,
        json.dumps({key: config[key] for key in wanted if key in config}),
        quick_gelu=bool(config.get("quick_gelu", False)),
    )
    preprocessing = stated or from_preprocess_cfg(open_clip.get_model_preprocess_cfg(module))
    return torch_model(
        str(replace(spec, reducers=())),
        REVISION,
        [weights],
        Vision(module, module.encode_image),
        preprocessing,
        head=None,
        licence="not stated",
        open_text=lambda: OpenClipTextTower(module, architecture),
    )


def _import(feature: str) -> ModuleType:
    import_torch(feature)
    try:
        import open_clip
    except ImportError as error:
        raise MissingExtraError(feature, "torch") from error
    module: ModuleType = open_clip
    return module


def _weights(
    open_clip: ModuleType, architecture: str, pretrained: str
) -> tuple[Path, Mapping[str, Any]]:
    """The file of a tag and what open_clip knows of it; a path is its own file."""
    if pretrained.endswith(".safetensors"):
        path = Path(pretrained).expanduser().absolute()
        if not path.is_file():
            raise ModelError(f"There is no model file {path}.")
        return path, {}
    config = open_clip.get_pretrained_cfg(architecture, pretrained)
    if not config:
        tags = open_clip.list_pretrained_tags_by_model(architecture)
        raise UnknownNameError(f"weights of {architecture}", pretrained, tags)
    repository = str(config.get("hf_hub") or "").strip("/")
    if repository.count("/") != 1:
        raise ModelError(
            f"The weights {architecture}/{pretrained} are published as a pickle only, which is "
            "never read. Choose another tag, or convert them to safetensors and name the file."
        )
    return Repository(repository).need_one(*FILES), config


@lru_cache(maxsize=KEPT)
def _build(architecture: str, weights: Path, _: int, preprocess: str, *, quick_gelu: bool) -> Any:
    from safetensors import SafetensorError

    try:
        return _import(architecture).create_model(
            architecture,
            pretrained=str(weights),
            force_quick_gelu=quick_gelu,
            force_preprocess_cfg=json.loads(preprocess),
            pretrained_image=False,
            pretrained_text=False,
        )
    except (*MISFITS, SafetensorError) as error:
        reason = " ".join(str(error).split())[:400]
        raise ModelError(f"{weights} does not fit {architecture}: {reason}") from error


def from_preprocess_cfg(config: Mapping[str, Any]) -> Preprocessing:
    """open_clip's preprocess_cfg as ours. Raises `ModelError` for what has no counterpart."""
    size = config["size"]
    height, width = (size, size) if isinstance(size, int) else size
    method = config["interpolation"]
    if height != width or method not in FILTERS:
        raise ModelError(f"Pictures of {size}, {method}: images here are square, as usual resized.")
    return Preprocessing(
        shorter_side=height,
        crop=height,
        interpolation=method,
        mean=times_255(config["mean"]),
        scale=times_255(config["std"]),
        fit=_FITS[config["resize_mode"]],
        rounding="torchvision",
    )


class OpenClipTextTower:
    """The text half of a model, run by torch on the device where the model is."""

    def __init__(self, module: Any, architecture: str) -> None:
        open_clip = _import(f"open_clip:{architecture}")
        self._module = module.eval()
        try:
            self._tokenizer = open_clip.get_tokenizer(architecture)
        except (OSError, ValueError) as error:
            raise ModelError(f"The tokenizer of {architecture} cannot be had: {error}") from error

    def embed(self, texts: Sequence[str]) -> Floats:
        """Texts -> float32 (n, dim)."""
        import torch

        device = next(self._module.parameters()).device
        with torch.inference_mode():
            tokens = self._tokenizer(list(texts)).to(device)
            vectors: Floats = self._module.encode_text(tokens).float().cpu().numpy()
        return vectors
