"""A timm checkpoint with the configuration that names its architecture, as timm pushes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from lookalike.errors import ModelError
from lookalike.images.preprocess import Preprocessing
from lookalike.models.model import Model
from lookalike.models.spec import Spec
from lookalike.models.timm_build import build, import_timm, inner_input, preprocessing_of, vision
from lookalike.models.torch_model import torch_model
from lookalike.models.torch_network import KEPT

REVISION = "1"


def load_checkpoint(
    spec: Spec, weights: Path, config: Mapping[str, Any], stated: Preprocessing | None
) -> Model:
    """The model of a safetensors file and a configuration as timm writes it.

    `config` has `architecture` and may have `num_classes`, `global_pool`, `model_args` and
    `pretrained_cfg`. `stated` preprocessing goes before the configuration's. With a node, the
    vector is the input of the module of that name.

    Raises `UnknownNameError` for an architecture or module that is not there, `ModelError` for
    weights that do not fit.
    """
    text = json.dumps(config, sort_keys=True)
    stamp = weights.stat().st_mtime_ns
    return _made(replace(spec, reducers=()), weights, stamp, text, stated)


@lru_cache(maxsize=KEPT)
def _made(spec: Spec, weights: Path, _: int, text: str, stated: Preprocessing | None) -> Model:
    config = json.loads(text)
    name = str(config["architecture"])
    timm = import_timm(str(spec))
    settings = _settings(timm, name, config)
    arguments = dict(config.get("model_args") or {})
    for key in ("num_classes", "global_pool"):
        if config.get(key) is not None:
            arguments[key] = config[key]
    module = build(name.partition(".")[0], weights, settings, arguments)
    preprocessing = stated or preprocessing_of(module)
    shown = str(spec)
    network = (
        vision(module, spec.head, shown)
        if spec.node is None
        else inner_input(module, spec.node, spec.head, shown)
    )
    return torch_model(
        shown,
        REVISION,
        [weights],
        network,
        preprocessing,
        head=spec.head,
        licence=settings.get("license") or "not stated",
    )


def _settings(timm: Any, name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration's pretrained_cfg, else what timm has for that architecture."""
    stated = config.get("pretrained_cfg")
    if stated is not None:
        if not isinstance(stated, Mapping):
            raise ModelError(f"The pretrained_cfg of {name} is no object.")
        settings = dict(stated)
    else:
        known = timm.get_pretrained_cfg(name.partition(".")[0])
        settings = known.to_dict() if known is not None else {}
    if config.get("num_classes") is not None:
        settings["num_classes"] = config["num_classes"]
    return settings
