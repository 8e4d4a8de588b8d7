"""How fast each weight learns: by its layer, and by the moment of the training."""

from __future__ import annotations

from math import cos, pi
from typing import Any

from lookalike.learn.train.config import TrainConfig
from lookalike.models.torch_network import import_torch

PROXIES = 10.0
"""How much faster what belongs to the losses learns: it starts from nothing even if we do not."""
_LEAST = 0.01


def make_optimizer(network: Any, objective: Any, config: TrainConfig) -> Any:
    """AdamW over groups of weights, `share` of each being its part of the rate.

    Layers of the backbone learn by `layer_decay` each more slowly, counted from the heads; biases
    and normalisations do not decay.
    """
    torch = import_torch("Training")
    from timm.optim import param_groups_layer_decay

    groups = [
        {"params": one["params"], "weight_decay": one["weight_decay"], "share": one["lr_scale"]}
        for one in param_groups_layer_decay(
            network.backbone, weight_decay=config.weight_decay, layer_decay=config.layer_decay
        )
    ]
    behind = [*network.projection.parameters(), *network.heads.parameters()]
    if behind:
        groups.append({"params": behind, "weight_decay": config.weight_decay, "share": 1.0})
    own = list(objective.parameters())
    if own:
        groups.append({"params": own, "weight_decay": 0.0, "share": PROXIES})
    return torch.optim.AdamW(groups, lr=config.rate)


def factor(step: int, steps: int, warmup: float) -> float:
    """The part of the rate in step `step` of `steps`, from 0: rising, then falling as a cosine."""
    rising = round(warmup * steps)
    if step < rising:
        return (step + 1) / (rising + 1)
    done = (step - rising) / max(1, steps - rising)
    return _LEAST + (1 - _LEAST) * (1 + cos(pi * done)) / 2


def set_rate(optimizer: Any, rate: float) -> None:
    """Give every group its share of a rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["share"]
