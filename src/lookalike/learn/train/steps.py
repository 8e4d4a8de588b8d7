"""One step of a training: forward and backward in parts that fit into memory, then the weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lookalike.errors import TrainingError
from lookalike.learn.train.augment import augmented
from lookalike.learn.train.config import TrainConfig
from lookalike.learn.train.objective import Targets
from lookalike.learn.train.ranks import Ranks
from lookalike.models.torch_network import import_torch
from lookalike.types import Keys, Pixels

_FULL = ("out of memory", "can't allocate memory", "not enough memory", "std::bad_alloc")


class NotFiniteError(ArithmeticError):
    """A loss or a gradient that is no number any more."""


@dataclass(slots=True)
class Stepper:
    """Makes steps; `part` is how many images go through the network at a time."""

    config: TrainConfig
    network: Any
    objective: Any
    optimizer: Any
    pixels: Pixels
    targets: Targets
    normalise: Callable[[Any], Any]
    keep: tuple[str, ...]
    precision: str
    ranks: Ranks
    part: int
    notes: list[str]

    def step(self, rows: Keys, seed: tuple[int, ...]) -> dict[str, float]:
        """Learn from a batch; the losses by name. Out of memory, the parts are halved.

        Raises `NotFiniteError`, and `TrainingError` when not even two images fit.
        """
        torch = import_torch("Training")
        while True:
            try:
                losses = self._gradients(rows, seed)
                break
            except (RuntimeError, MemoryError) as error:
                if not _full(error):
                    raise
            self.optimizer.zero_grad(set_to_none=True)
            if self.ranks.device.type == "cuda":
                torch.cuda.empty_cache()
            self._halve()
        groups = self.optimizer.param_groups
        weights = [one for group in groups for one in group["params"] if one.requires_grad]
        if self.ranks.count > 1:
            for one in weights:
                one.grad = torch.zeros_like(one) if one.grad is None else one.grad
        self.ranks.add_up([one.grad for one in weights if one.grad is not None])
        length = torch.nn.utils.clip_grad_norm_(weights, self.config.clip)
        if not torch.isfinite(length) or not np.isfinite([*losses.values()]).all():
            raise NotFiniteError
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return losses

    def _gradients(self, rows: Keys, seed: tuple[int, ...]) -> dict[str, float]:
        torch = import_torch("Training")
        mine = np.array_split(rows, self.ranks.count)[self.ranks.number]
        whole = self.targets.only(rows)
        planes = augmented(
            self.pixels[mine],
            self.config.size,
            self.keep,
            (*seed, self.ranks.number),
            self.ranks.device,
        )
        sums: dict[str, float] = {}
        for part in np.array_split(np.arange(len(mine)), -(-len(mine) // self.part)):
            some = slice(int(part[0]), int(part[-1]) + 1)
            with torch.autocast(
                self.ranks.device.type, dtype=torch.bfloat16, enabled=self.precision == "bf16"
            ):
                outputs = self.network(self.normalise(planes[some]))
            loss, found = self.objective(outputs, self.targets.only(mine[some]), whole)
            loss.backward()
            for name, value in {"loss": loss.detach(), **found}.items():
                sums[name] = sums.get(name, 0.0) + float(value)
        totals = torch.tensor([*sums.values()], dtype=torch.float64)
        if self.ranks.count > 1:
            totals = totals.to(self.ranks.device)
            torch.distributed.all_reduce(totals)
        return dict(zip(sums, totals.tolist(), strict=True))

    def _halve(self) -> None:
        if self.part <= 2:
            raise TrainingError(
                f"Not even {self.part} images of {self.config.size} pixels fit into memory. "
                "Train a smaller backbone, or at a smaller size."
            )
        self.part = max(2, self.part // 2)
        self.notes.append(
            f"Out of memory: from here on {self.part} images go through the network at a time; "
            "the batch stays as it is."
        )


def mean_losses(found: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each loss over the steps."""
    return {name: float(np.mean([one[name] for one in found])) for name in found[0]}


def _full(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in _FULL)
