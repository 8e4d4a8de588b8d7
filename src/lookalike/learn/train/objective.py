"""What is made small: a loss a task, one of colour, one of distances, added up with weights.

Losses are weighted by numbers, or by the uncertainty that is learned for each (Kendall, Gal and
Cipolla, "Multi-Task Learning Using Uncertainty to Weigh Losses", 2018). Those of distances are
pytorch-metric-learning's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lookalike.errors import MissingExtraError
from lookalike.evaluate.truth import MISSING
from lookalike.learn.train.config import METRIC_LOSSES, MINERS, TrainConfig
from lookalike.learn.train.network import VECTOR, head_name
from lookalike.models.torch_network import import_torch
from lookalike.types import Floats, Keys

_WITH_CLASSES = ("arcface", "proxy-anchor", "proxy-nca")
_BOUND = 3.0
"""Log-variances stay within it: a task that is solved would weigh more and more, until one image
that is got wrong throws everything over."""
_FAR = 10.0
"""No two classes weigh more than this apart, however rare one is."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What is known of some images (m): classes by column, `MISSING` where unknown, and colours."""

    codes: Mapping[str, Keys]
    colours: Floats | None

    def only(self, rows: Any) -> Targets:
        """Those of some rows."""
        colours = None if self.colours is None else self.colours[rows]
        return Targets({name: codes[rows] for name, codes in self.codes.items()}, colours)


def balance(codes: Keys, classes: int) -> Floats:
    """A weight for each class (classes,), higher for the rarer; the mean over the images is 1."""
    counts = np.bincount(codes[codes != MISSING], minlength=classes).astype(np.float64)
    weights = np.clip(counts.max() / np.maximum(counts, 1), 1, _FAR)
    balanced: Floats = (weights * counts.sum() / (weights * counts).sum()).astype(np.float32)
    return balanced


def make_objective(
    config: TrainConfig, weights: Mapping[str, Floats], alike: int, width: int
) -> Any:
    """A torch module: (outputs, targets, whole) -> the loss and what it is made of, by name.

    `weights` has the weights of each task's classes, `alike` counts the classes that are drawn
    together, `width` is that of the vector. `whole` are the targets of the whole batch when
    outputs and targets are of a part of it: the losses of the parts add up to that of the whole.
    """
    torch = import_torch("Training")
    functional = torch.nn.functional
    distance: Any = None
    miner: Any = None
    if config.alike:
        distance, miner = _metric_loss(config, alike, width)

    class Objective(torch.nn.Module):  # type: ignore[misc, name-defined]
        """Learns the uncertainty of each loss, and the proxies of losses that have some."""

        def __init__(self) -> None:
            super().__init__()
            self.distance = distance
            if config.weighting == "uncertainty":
                self.log_variances = torch.nn.Parameter(torch.zeros(len(config.parts)))
            for name, values in weights.items():
                place = config.tasks.index(name)
                self.register_buffer(f"classes_{place}", torch.from_numpy(values), persistent=False)

        def forward(
            self, outputs: Mapping[str, Any], targets: Targets, whole: Targets
        ) -> tuple[Any, dict[str, Any]]:
            share = len(outputs[VECTOR]) / _size(whole)
            found = {}
            for place, name in enumerate(config.tasks):
                by_class = getattr(self, f"classes_{place}")
                scores = outputs[head_name(name)].float()
                found[name] = self._task(scores, targets.codes[name], whole.codes[name], by_class)
            if config.colour:
                head = outputs[head_name(config.colour_part)]
                found[config.colour_part] = share * self._colour(head, targets)
            if config.alike:
                vectors = outputs[VECTOR].float()
                found[config.loss] = share * self._distances(vectors, targets.codes[config.alike])
            return self._sum(found, share), {name: one.detach() for name, one in found.items()}

        def _task(self, scores: Any, codes: Keys, all_codes: Keys, by_class: Any) -> Any:
            here = torch.from_numpy(codes).to(scores.device)
            total = by_class[torch.from_numpy(all_codes[all_codes != MISSING]).to(scores.device)]
            summed = functional.cross_entropy(
                scores,
                here,
                by_class,
                ignore_index=MISSING,
                reduction="sum",
                label_smoothing=config.smoothing,
            )
            return summed / total.sum().clamp(min=1e-6)

        def _colour(self, found: Any, targets: Targets) -> Any:
            wanted = torch.from_numpy(targets.colours).to(found.device)
            if config.colour == "histogram":
                return functional.cross_entropy(found.float(), wanted)
            return functional.smooth_l1_loss(found.float(), wanted)

        def _distances(self, vectors: Any, codes: Keys) -> Any:
            known = torch.from_numpy(np.flatnonzero(codes != MISSING)).to(vectors.device)
            if len(known) < 2:
                return vectors.sum() * 0
            chosen = torch.from_numpy(codes[codes != MISSING]).to(vectors.device)
            some = vectors[known]
            pairs = miner(some, chosen) if miner is not None else None
            return self.distance(some, chosen, pairs)

        def _sum(self, found: Mapping[str, Any], share: float) -> Any:
            if config.weighting == "uncertainty":
                bounded = _BOUND * torch.tanh(self.log_variances / _BOUND)
                parts = [
                    torch.exp(-s) * one * (0.5 if name == config.colour_part else 1.0)
                    + share * s / 2
                    for (name, one), s in zip(found.items(), bounded, strict=True)
                ]
                return torch.stack(parts).sum()
            given = config.loss_weights or {}
            return torch.stack([given.get(name, 1.0) * one for name, one in found.items()]).sum()

    return Objective()


def _size(targets: Targets) -> int:
    found = [len(codes) for codes in targets.codes.values()]
    return found[0] if found else len(targets.colours if targets.colours is not None else ())


def _metric_loss(config: TrainConfig, classes: int, width: int) -> tuple[Any, Any]:
    try:
        from pytorch_metric_learning import losses, miners
    except ImportError as error:
        raise MissingExtraError(f"The loss {config.loss}", "torch") from error
    made = getattr(losses, METRIC_LOSSES[config.loss])
    proxies = config.loss in _WITH_CLASSES
    loss = made(num_classes=classes, embedding_size=width) if proxies else made()
    mined = MINERS[config.miner] if not proxies and config.loss != "supcon" else ""
    if not mined:
        return loss, None
    kind = {"type_of_triplets": "semihard"} if config.miner == "semihard" else {}
    return loss, getattr(miners, mined)(**kind)
