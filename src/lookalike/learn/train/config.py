"""How a network is to be trained: every choice by name, from a YAML file or from flags."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from lookalike.errors import UnknownNameError, UsageError
from lookalike.images.preprocess import Fit

COLOUR_TARGETS = ("dominant", "histogram")
WEIGHTINGS = ("fixed", "uncertainty")
KEPT = ("colour", "left-right", "scale")
"""What augmentation can be told to leave as it is."""
PRECISIONS = ("auto", "fp32", "bf16")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "colour": COLOUR_TARGETS,
    "weighting": WEIGHTINGS,
    "precision": PRECISIONS,
    "fit": typing.get_args(Fit),
}
METRIC_LOSSES: Mapping[str, str] = {
    "triplet": "TripletMarginLoss",
    "contrastive": "ContrastiveLoss",
    "supcon": "SupConLoss",
    "multi-similarity": "MultiSimilarityLoss",
    "arcface": "ArcFaceLoss",
    "proxy-anchor": "ProxyAnchorLoss",
    "proxy-nca": "ProxyNCALoss",
}
"""Losses by the names they have in pytorch-metric-learning."""
MINERS: Mapping[str, str] = {
    "none": "",
    "semihard": "TripletMarginMiner",
    "hard": "BatchHardMiner",
    "multi-similarity": "MultiSimilarityMiner",
}
DECIDES_SHAPE = ("tasks", "alike", "colour", "loss", "backbone", "size", "fit", "embedding")
"""What cannot change when a training goes on where it stopped."""


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """A training, as it is asked for.

    `tasks` are columns, each with a classifier of its own; `alike` is the column of what `loss`
    draws together; `colour` adds a regression of each picture's colour. `weights` is a
    safetensors file of the backbone, `timm` for those that timm publishes, None for random ones.
    `embedding` 0 takes the backbone's pooled features as the vector. `frozen` are epochs in which
    only what stands behind the backbone learns; `layer_decay` multiplies the rate of each layer
    going down from the last; `warmup` is the share of all steps in which the rate rises.
    `held_out` is a share of the images, or `COLUMN=VALUE`; images of one `group` stay on one
    side. `patience` is in epochs without a better retrieval `metric`.
    """

    tasks: tuple[str, ...] = ()
    alike: str | None = None
    colour: str | None = None
    loss: str = "triplet"
    miner: str = "semihard"
    backbone: str = "resnet18"
    weights: str | None = None
    embedding: int = 0
    size: int = 160
    fit: Fit = "crop"
    epochs: int = 30
    batch: int = 64
    per_class: int = 4
    accumulate: int = 1
    rate: float = 1e-3
    weight_decay: float = 0.05
    layer_decay: float = 1.0
    warmup: float = 0.1
    frozen: int = 0
    clip: float = 5.0
    ema: float = 0.99
    smoothing: float = 0.0
    class_weights: bool = False
    weighting: str = "fixed"
    loss_weights: Mapping[str, float] | None = None
    keep: tuple[str, ...] = ()
    held_out: str = "0.2"
    group: str | None = None
    where: str | None = None
    metric: str = "map@r"
    patience: int = 10
    precision: str = "auto"
    device: str = "auto"
    seed: int = 0
    track: str | None = None

    def __post_init__(self) -> None:
        if not (self.tasks or self.alike or self.colour):
            raise UsageError(
                "Nothing to learn is named: a column to tell apart (--task kind), one whose equal "
                "values are alike (--alike product), or the colour (--colour dominant)."
            )
        for name, known in CHOICES.items():
            value = getattr(self, name)
            if value is not None and value not in known:
                raise UnknownNameError(name, str(value), known)
        for kind, value, table in (
            ("loss", self.loss, METRIC_LOSSES),
            ("miner", self.miner, MINERS),
        ):
            if value not in table:
                raise UnknownNameError(kind, value, table)
        for name in self.keep:
            if name not in KEPT:
                raise UnknownNameError("thing to keep", name, KEPT)
        if self.weighting == "uncertainty" and self.loss_weights:
            raise UsageError("Losses are weighted by their uncertainty, or by numbers: not both.")
        for name in self.loss_weights or {}:
            if name not in self.parts:
                raise UnknownNameError("loss", name, self.parts)
        self._check_numbers()

    @property
    def parts(self) -> list[str]:
        """The losses that are added up: one a task, that of colour, that of distances."""
        return [
            *self.tasks,
            *([self.colour_part] if self.colour else []),
            *([self.loss] if self.alike else []),
        ]

    @property
    def colour_part(self) -> str:
        """What the regression of colour is called among the losses and the heads."""
        return f"{self.colour}-colour"

    @property
    def columns(self) -> list[str]:
        """Columns that say what is alike; retrieval is judged by them."""
        return list(dict.fromkeys([*self.tasks, *([self.alike] if self.alike else [])]))

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)

    def _check_numbers(self) -> None:
        least = {"embedding": 0, "size": 16, "epochs": 1, "batch": 2, "per_class": 2}
        least |= {"accumulate": 1, "frozen": 0, "patience": 1, "seed": 0}
        for name, lowest in least.items():
            if getattr(self, name) < lowest:
                raise UsageError(f"{name} is at least {lowest}, not {getattr(self, name)}.")
        for name in ("rate", "clip"):
            if not 0 < getattr(self, name) < float("inf"):
                raise UsageError(f"{name} is above 0, not {getattr(self, name)}.")
        shares = ("layer_decay", "warmup", "ema", "smoothing", "weight_decay")
        for name in shares:
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"{name} lies between 0 and 1, not {getattr(self, name)}.")
        if self.ema == 1:
            raise UsageError("With an ema of 1 the averaged weights would never change.")


def read_config(path: Path) -> dict[str, Any]:
    """The settings in a YAML file, not checked yet. Raises `UsageError`."""
    import yaml

    try:
        found = yaml.safe_load(path.read_text("utf-8")) or {}
    except OSError as error:
        raise UsageError(f"The settings {path} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"The settings {path} are not YAML: {error}") from error
    if not isinstance(found, dict):
        raise UsageError(f"The settings {path} must be `name: value` lines.")
    return {str(key).replace("-", "_"): value for key, value in found.items()}


def make_config(settings: Mapping[str, Any]) -> TrainConfig:
    """Settings, as a file or flags give them, checked.

    Raises `UnknownNameError` for a name that is none, `UsageError` for a value of another kind.
    """
    kinds = typing.get_type_hints(TrainConfig)
    names = [field.name for field in fields(TrainConfig)]
    for name in settings:
        if name not in names:
            raise UnknownNameError("setting of a training", name, names)
    typed = {name: _typed(name, value, kinds[name]) for name, value in settings.items()}
    return TrainConfig(**typed)


def _typed(name: str, value: Any, kind: Any) -> Any:
    """The value as its field wants it: YAML may give one text for several, or 1 for 1.0."""
    if isinstance(kind, types.UnionType):
        if value is None:
            return None
        kind = next(one for one in typing.get_args(kind) if one is not types.NoneType)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    found = typing.get_origin(kind) or kind
    if found is tuple:
        values = [value] if isinstance(value, str) else value
        if isinstance(values, list | tuple) and all(isinstance(one, str) for one in values):
            return tuple(dict.fromkeys(values))
    elif found is Mapping and isinstance(value, Mapping):
        with suppress(TypeError, ValueError):
            return {str(key): float(weight) for key, weight in value.items()}
    elif found in {str, typing.Literal} and (number or isinstance(value, str)):
        return str(value)
    elif found is float and number:
        return float(value)
    elif isinstance(found, type) and type(value) is found:
        return value
    raise UsageError(f"{name} cannot be {value!r}.")
