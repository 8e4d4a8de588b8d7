"""The network that is trained: a timm backbone, the vector, and a head for each task."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lookalike.errors import ModelError, UnknownNameError
from lookalike.images.preprocess import Preprocessing
from lookalike.learn.train.colour import SIZES
from lookalike.learn.train.config import TrainConfig
from lookalike.models.timm import pretrained_config, published_weights
from lookalike.models.timm_build import MISFITS, build, from_data_config, import_timm
from lookalike.models.torch_network import import_torch

PUBLISHED = "timm"
"""What `weights` says for those that timm publishes of the backbone."""
VECTOR = "embedding"
POOLED = "pooled"


def make_network(config: TrainConfig, classes: Mapping[str, int]) -> Any:
    """A torch module: float (n, 3, size, size) -> a dict of tensors, by the names of the layers.

    `embedding` is the vector: the backbone's pooled features, or a projection of them, which are
    then there as `pooled`; behind it is one tensor for each task, and one for colour. `classes`
    counts the classes of each task. Random weights follow torch's own seed. Raises
    `UnknownNameError`, `MissingExtraError`, and `ModelError` for weights that do not fit.
    """
    torch = import_torch("Training")
    backbone = _backbone(config)
    backbone.eval()
    with torch.no_grad():
        pooled = backbone(torch.zeros(1, 3, config.size, config.size)).shape
    if len(pooled) != 2:
        raise ModelError(f"{config.backbone} gives {tuple(pooled)} for an image: it is no vector.")
    width = config.embedding or pooled[1]
    heads = {column: torch.nn.Linear(width, count) for column, count in classes.items()}
    if config.colour:
        heads[config.colour_part] = torch.nn.Linear(width, SIZES[config.colour])

    class Network(torch.nn.Module):  # type: ignore[misc, name-defined]
        """Backbone, projection, heads. Names of columns may hold what names of modules may not."""

        def __init__(self) -> None:
            super().__init__()
            self.backbone = backbone
            linear = torch.nn.Linear(pooled[1], width, bias=False)
            self.projection = linear if config.embedding else torch.nn.Identity()
            self.heads = torch.nn.ModuleList(heads.values())

        def forward(self, planes: Any) -> dict[str, Any]:
            pooled_ = self.backbone(planes)
            found = {POOLED: pooled_} if config.embedding else {}
            found[VECTOR] = self.projection(pooled_)
            for name, head in zip(heads, self.heads, strict=True):
                found[head_name(name)] = head(found[VECTOR])
            return found

    return Network().to(memory_format=torch.channels_last)


def head_name(column: str) -> str:
    """What the scores of a task are called in the network."""
    return f"head/{column}"


def preprocessing_for(config: TrainConfig) -> Preprocessing:
    """What timm states for the backbone, at the size that is asked for."""
    timm = import_timm("Training")
    known = timm.get_pretrained_cfg(_architecture(timm, config.backbone))
    stated = known.to_dict() if known is not None else {}
    data = {
        "input_size": (3, config.size, config.size),
        "crop_pct": 0.875 if config.fit == "crop" else 1.0,
        "crop_mode": "center" if config.fit == "crop" else "squash",
        "interpolation": "bicubic",
        "mean": stated.get("mean", (0.485, 0.456, 0.406)),
        "std": stated.get("std", (0.229, 0.224, 0.225)),
    }
    found = from_data_config(data)
    return Preprocessing(
        shorter_side=found.shorter_side,
        crop=config.size,
        interpolation=found.interpolation,
        mean=found.mean,
        scale=found.scale,
        fit=config.fit,
    )


def _backbone(config: TrainConfig) -> Any:
    timm = import_timm("Training")
    name = _architecture(timm, config.backbone)
    known = timm.get_pretrained_cfg(name)
    stated = known.to_dict() if known is not None else {}
    arguments: dict[str, Any] = {"num_classes": 0}
    if stated.get("fixed_input_size"):
        arguments["img_size"] = config.size
    if config.weights == PUBLISHED:
        published = pretrained_config(config.backbone)
        return build(name, published_weights(published), published, arguments)
    if config.weights is not None:
        path = Path(config.weights).expanduser()
        if path.suffix != ".safetensors" or not path.is_file():
            raise ModelError(
                f"There are no weights {str(path)!r}: name a .safetensors file, or timm for those "
                "that timm publishes."
            )
        return build(name, path, stated, arguments)
    try:
        return timm.create_model(name, pretrained=False, **arguments)
    except MISFITS as error:
        reason = " ".join(str(error).split())[:400]
        raise ModelError(f"{name} cannot be made at a size of {config.size}: {reason}") from error


def _architecture(timm: Any, backbone: str) -> str:
    name = backbone.partition(".")[0]
    if not timm.is_model(name):
        raise UnknownNameError("timm architecture", name, timm.list_models())
    return name
