"""The epochs of a training: learn, judge, keep; stopped by retrieval, resumed after a crash."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from lookalike.errors import TrainingError
from lookalike.evaluate.split import Split
from lookalike.learn.tracker import Tracker
from lookalike.learn.train.checkpoint import (
    moments,
    read_checkpoint,
    restore_moments,
    write_checkpoint,
)
from lookalike.learn.train.config import DECIDES_SHAPE, TrainConfig
from lookalike.learn.train.examples import Examples
from lookalike.learn.train.judging import Judged, judged
from lookalike.learn.train.objective import Targets
from lookalike.learn.train.order import batches
from lookalike.learn.train.pace import factor, set_rate
from lookalike.learn.train.steps import NotFiniteError, Stepper, mean_losses
from lookalike.models.torch_network import import_torch
from lookalike.types import Keys, Pixels

LAST, BEST = "last.safetensors", "best.safetensors"
HISTORY = "history.jsonl"
DIVERGED = 10.0
"""How many times its first epoch's loss an epoch's loss may be."""
OnStep = Callable[[str, int, int], None]
OnEpoch = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Material:
    """All that an epoch needs besides the network: pictures by row, what is known, the split."""

    examples: Examples
    pixels: Pixels
    targets: Targets
    split: Split
    planes: Callable[[Any], Any]


@dataclass(slots=True)
class Standing:
    """How far a training has come; epoch 0 is the network before it learned."""

    epoch: int = 0
    best_epoch: int = 0
    best: float = -1.0
    history: list[dict[str, Any]] = field(default_factory=list)
    before: Judged | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for a checkpoint."""
        own = {"epoch": self.epoch, "best_epoch": self.best_epoch, "best": self.best}
        return own | {"history": self.history}


class Loop:
    """One training in its folder. `stepper` has the network; `ema` its averaged copy, if any."""

    def __init__(
        self,
        config: TrainConfig,
        folder: Path,
        material: Material,
        stepper: Stepper,
        ema: Any,
        tracker: Tracker,
    ) -> None:
        self._config, self._folder, self._material = config, folder, material
        self._stepper, self._ema, self._tracker = stepper, ema, tracker
        self._ranks = stepper.ranks
        self.standing = Standing()

    @property
    def judged_network(self) -> Any:
        """What is judged and exported: the averaged weights where there are some."""
        return self._stepper.network if self._ema is None else self._ema.module

    def run(self, on_step: OnStep, on_epoch: OnEpoch) -> Standing:
        """All epochs that are left, until the last or until nothing gets better.

        Raises `TrainingError` when the loss diverges.
        """
        self.standing.before = self._judge() if self._ranks.first else None
        self._resume()
        if not self.standing.history:
            self._keep({"loss": None}, self.standing.before, 0.0, on_epoch)
        while self.standing.epoch < self._config.epochs and not self._done():
            began = time.perf_counter()
            losses, seen = self._epoch(on_step)
            seconds = time.perf_counter() - began
            self.standing.epoch += 1
            found = self._judge() if self._ranks.first else None
            facts = {**losses, "images_a_second": seen / seconds, "rate": self._rate()}
            self._keep(facts, found, time.perf_counter() - began, on_epoch)
        return self.standing

    def load_best(self) -> None:
        """Put the weights of the best epoch into the network that is judged."""
        parts, _ = read_checkpoint(self._folder / BEST)
        self.judged_network.load_state_dict(parts["network"])

    def judge(self) -> Judged:
        """How good the network is now."""
        return self._judge()

    def _epoch(self, on_step: OnStep) -> tuple[dict[str, float], int]:
        torch = import_torch("Training")
        config, epoch = self._config, self.standing.epoch
        torch.manual_seed(config.seed * 100_003 + epoch)
        parts = self._batches(epoch)
        self._set_modes(frozen=epoch < config.frozen)
        steps, found = len(parts) * config.epochs, []
        for number, rows in enumerate(parts):
            rate = config.rate * factor(epoch * len(parts) + number, steps, config.warmup)
            set_rate(self._stepper.optimizer, rate)
            try:
                found.append(self._stepper.step(rows, (config.seed, epoch, number)))
            except NotFiniteError:
                self._diverged(f"in step {number + 1} of epoch {epoch + 1}: it is no number")
            if self._ema is not None:
                self._ema.update(self._stepper.network, step=epoch * len(parts) + number)
            on_step(f"epoch {epoch + 1}", number + 1, len(parts))
        self._even_out()
        losses = mean_losses(found)
        now = self._sum(losses)
        first = self._sum(self.standing.history[1]) if len(self.standing.history) > 1 else now
        if now > DIVERGED * first + 1:
            self._diverged(f"in epoch {epoch + 1}: {now:.4g}, at first {first:.4g}")
        return losses, sum(map(len, parts))

    def _sum(self, losses: Mapping[str, float]) -> float:
        """The losses without their weights, which may be learned and below 0."""
        return sum(losses[name] for name in self._config.parts)

    def _batches(self, epoch: int) -> list[Keys]:
        config = self._config
        classes = self._material.examples.labels[config.alike].codes if config.alike else None
        seed, least = (config.seed, epoch), 2 * self._ranks.count
        rows = self._material.split.gallery
        return batches(rows, classes, config.batch, config.per_class, seed, least)

    def _set_modes(self, *, frozen: bool) -> None:
        """A frozen backbone learns nothing, and keeps the statistics of its normalisations."""
        network = self._stepper.network
        network.train()
        network.backbone.train(not frozen)
        network.backbone.requires_grad_(not frozen)

    def _even_out(self) -> None:
        """Give all processes the same statistics of normalisations."""
        networks = [self._stepper.network, *([self._ema.module] if self._ema is not None else [])]
        self._ranks.share_out([one for network in networks for one in network.buffers()])

    def _judge(self) -> Judged:
        material, config = self._material, self._config
        return judged(
            self.judged_network,
            material.planes,
            material.pixels,
            config.size,
            material.examples,
            material.split.queries,
            config.columns,
            config.metric,
        )

    def _keep(
        self,
        facts: Mapping[str, float | None],
        found: Judged | None,
        seconds: float,
        on_epoch: OnEpoch,
    ) -> None:
        """Write the epoch down: history, checkpoint, and the best weights where they are that."""
        standing, metric = self.standing, self._config.metric
        score = found.score if found is not None and found.values else 0.0
        score = self._from_first(score)
        row: dict[str, Any] = {"epoch": standing.epoch, **facts, metric: score}
        if found is not None:
            row |= {f"{metric}/{name}": value for name, value in found.by_column.items()}
            row |= {f"accuracy/{name}": value for name, value in found.accuracy.items()}
        row["seconds"] = seconds
        standing.history.append(row)
        better = score > standing.best
        if better:
            standing.best, standing.best_epoch = score, standing.epoch
        if self._ranks.first:
            if better:
                own = {"network": self.judged_network.state_dict()}
                write_checkpoint(self._folder / BEST, own, standing.as_dict())
            self._write_last()
            lines = [json.dumps(one) + "\n" for one in standing.history]
            (self._folder / HISTORY).write_text("".join(lines), "utf-8")
            numbers = {name: one for name, one in row.items() if isinstance(one, int | float)}
            self._tracker.metrics(standing.epoch, numbers)
            on_epoch(row)
        self._ranks.wait()

    def _from_first(self, score: float) -> float:
        torch = import_torch("Training")
        shared = torch.tensor([score], dtype=torch.float64, device=self._ranks.device)
        self._ranks.share_out([shared])
        return float(shared)

    def _write_last(self) -> None:
        stepper = self._stepper
        parts = {
            "network": stepper.network.state_dict(),
            "objective": stepper.objective.state_dict(),
            "optimizer": moments(stepper.optimizer),
        }
        if self._ema is not None:
            parts["ema"] = self._ema.module.state_dict()
        state = {"config": self._config.as_dict(), **self.standing.as_dict()}
        write_checkpoint(self._folder / LAST, parts, state)

    def _resume(self) -> None:
        """Go on from the last epoch that is kept. Raises `TrainingError` for another network."""
        path = self._folder / LAST
        if not path.is_file():
            return
        parts, state = read_checkpoint(path)
        mine = json.loads(json.dumps(self._config.as_dict()))
        other = [name for name in DECIDES_SHAPE if state["config"].get(name) != mine[name]]
        if other:
            raise TrainingError(
                f"{path} is of a training with another {' and '.join(other)}: give this one "
                "another name, or begin again with --fresh."
            )
        stepper = self._stepper
        stepper.network.load_state_dict(parts["network"])
        stepper.objective.load_state_dict(parts.get("objective", {}))
        restore_moments(stepper.optimizer, parts.get("optimizer", {}))
        if self._ema is not None and "ema" in parts:
            self._ema.module.load_state_dict(parts["ema"])
        for name in ("epoch", "best_epoch", "best", "history"):
            setattr(self.standing, name, state[name])

    def _done(self) -> bool:
        return self.standing.epoch - self.standing.best_epoch >= self._config.patience

    def _rate(self) -> float:
        group = self._stepper.optimizer.param_groups[-1]
        return float(group["lr"] / group["share"])

    def _diverged(self, where: str) -> None:
        standing = self.standing
        score = f" ({self._config.metric} {standing.best:.3f})" if isfinite(standing.best) else ""
        raise TrainingError(
            f"The loss grew out of hand {where}. The weights of epoch {standing.best_epoch}{score} "
            f"are kept in {self._folder / BEST}, those of epoch {standing.epoch} to go on from. "
            f"Give the same command a lower rate than {self._config.rate:g}."
        )


def images_a_second(history: list[dict[str, Any]]) -> float:
    """The median speed of the epochs, judging left out; 0 without any."""
    found = [one["images_a_second"] for one in history if "images_a_second" in one]
    return float(np.median(found)) if found else 0.0
