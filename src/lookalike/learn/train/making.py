"""Puts a training together: network, losses, optimizer, averaged weights, and what they need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.learn.tracker import Tracker
from lookalike.learn.train.config import TrainConfig
from lookalike.learn.train.loop import Loop, Material
from lookalike.learn.train.network import VECTOR, make_network, preprocessing_for
from lookalike.learn.train.objective import balance, make_objective
from lookalike.learn.train.pace import make_optimizer
from lookalike.learn.train.ranks import Ranks
from lookalike.learn.train.steps import Stepper
from lookalike.models.torch_network import import_torch, scaler

_COLOUR_NAMES = ("colour", "color")


def make_loop(
    config: TrainConfig,
    folder: Path,
    material: Material,
    tracker: Tracker,
    ranks: Ranks,
    warnings: list[str],
) -> Loop:
    """The loop of a training that has not begun. What has to be said goes to `warnings`."""
    torch = import_torch("Training")
    labels = material.examples.labels
    network = make_network(config, {name: len(labels[name].names) for name in config.tasks})
    network.to(ranks.device)
    with torch.no_grad():
        width = network.eval()(torch.zeros(1, 3, config.size, config.size, device=ranks.device))
    objective = make_objective(
        config,
        {name: _class_weights(config, material, name) for name in config.tasks},
        len(labels[config.alike].names) if config.alike else 0,
        width[VECTOR].shape[1],
    ).to(ranks.device)
    stepper = Stepper(
        config,
        network,
        objective,
        make_optimizer(network, objective, config),
        material.pixels,
        material.targets,
        scaler(preprocessing_for(config), ranks.device),
        _kept(config, warnings),
        _precision(config, ranks.device),
        ranks,
        max(2, -(-config.batch // (config.accumulate * ranks.count))),
        warnings,
    )
    ema = None
    if config.ema:
        from timm.utils import ModelEmaV3

        ema = ModelEmaV3(network, decay=config.ema, use_warmup=True)
    return Loop(config, folder, material, stepper, ema, tracker)


def _class_weights(config: TrainConfig, material: Material, column: str) -> NDArray[np.float32]:
    labels = material.examples.labels[column]
    if not config.class_weights:
        return np.ones(len(labels.names), np.float32)
    return balance(labels.codes[material.split.gallery], len(labels.names))


def _kept(config: TrainConfig, warnings: list[str]) -> tuple[str, ...]:
    """What augmentation leaves as it is: what was asked for, and colour where that is a task."""
    named = [one for one in config.columns if one.lower() in _COLOUR_NAMES]
    if "colour" in config.keep or not (config.colour or named):
        return config.keep
    if named:
        warnings.append(f"Hue and saturation are left as they are, for {named[0]} is learned.")
    return (*config.keep, "colour")


def _precision(config: TrainConfig, device: Any) -> str:
    if config.precision != "auto":
        return config.precision
    torch = import_torch("Training")
    return "bf16" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "fp32"
