"""A training from pictures to a model that can be used: decode, learn, export, report."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.cores import cores
from lookalike.errors import TrainingError, UsageError, some_of
from lookalike.evaluate.evaluation import SIGNIFICANT
from lookalike.evaluate.intervals import Difference, paired
from lookalike.learn.tracking import DATA_DIGEST, tracked
from lookalike.learn.train.augment import centred
from lookalike.learn.train.colour import colour_targets
from lookalike.learn.train.config import TrainConfig
from lookalike.learn.train.curves import curves_picture
from lookalike.learn.train.examples import Examples, parted
from lookalike.learn.train.exporting import Layer, export_network, write_recipe
from lookalike.learn.train.judging import Judged
from lookalike.learn.train.loop import HISTORY, LAST, Loop, Material, images_a_second
from lookalike.learn.train.making import make_loop
from lookalike.learn.train.network import preprocessing_for
from lookalike.learn.train.objective import Targets
from lookalike.learn.train.pictures import decode_all, for_training
from lookalike.learn.train.ranks import Ranks, joined
from lookalike.models.torch_network import import_torch, normaliser

MODEL, RECIPE, REPORT, CONFIG = "model.onnx", "recipe.json", "report.json", "config.json"
CURVES, PIXELS = "curves.png", "pixels.u8"
OnStep = Callable[[str, int, int], None]
OnEpoch = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of a training; `before` and `after` are the metric on held-out images, by column.

    `spec` is the model as `space add` takes it; `difference` is of the largest in torch's values.
    """

    folder: Path
    spec: str
    metric: str
    epochs: int
    best_epoch: int
    before: Mapping[str, float]
    after: Mapping[str, float]
    changes: Mapping[str, Difference]
    accuracy: Mapping[str, float]
    layers: list[Layer]
    images: int
    held_out: int
    images_a_second: float
    seconds: float
    warnings: list[str] = field(default_factory=list)

    @property
    def better(self) -> bool:
        """Whether it surely beats the network it began with, in some column."""
        return any(one.value > 0 and one.p < SIGNIFICANT for one in self.changes.values())

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {**asdict(self), "folder": str(self.folder)}


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who hears of a training as it goes on."""

    on_step: OnStep = lambda _what, _done, _of: None
    on_epoch: OnEpoch = lambda _row: None


def train_network(
    examples: Examples,
    held_flag: NDArray[np.bool_] | None,
    config: TrainConfig,
    folder: Path,
    warnings: list[str],
    listeners: Listeners,
    *,
    fresh: bool = False,
) -> Trained | None:
    """Train, export to `folder`, and report; None in any but the first of several processes.

    A training that was interrupted goes on after its last epoch; `fresh` begins it again. Raises
    `UsageError` where there is nothing to learn, or it was finished before; `TrainingError`,
    `ModelError`, `MissingExtraError`, `StorageFullError`.
    """
    began = time.perf_counter()
    torch = import_torch("Training")
    if (folder / REPORT).is_file() and not fresh:
        raise UsageError(
            f"{folder} holds a finished training. Name another, or begin again: --fresh."
        )
    with joined(config.device) as ranks:
        if ranks.first:
            _prepare(folder, config, fresh=fresh)
        ranks.wait()
        material = _material(examples, held_flag, config, folder, warnings, ranks, listeners)
        with tracked(config.track if ranks.first else None, "train", folder.name) as tracker:
            tracker.parameters(_parameters(config, examples, material))
            torch.manual_seed(config.seed)
            loop = make_loop(config, folder, material, tracker, ranks, warnings)
            standing = loop.run(listeners.on_step, listeners.on_epoch)
            if not ranks.first or standing.before is None:
                return None
            trained = _finish(loop, config, folder, material, warnings, began)
            for name in (MODEL, RECIPE, REPORT, CURVES, HISTORY, CONFIG):
                tracker.artifact(folder / name)
    return trained


def _prepare(folder: Path, config: TrainConfig, *, fresh: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if fresh:
        for name in (REPORT, LAST, HISTORY, MODEL, RECIPE, CURVES):
            (folder / name).unlink(missing_ok=True)
    (folder / CONFIG).write_text(json.dumps(config.as_dict(), indent=2) + "\n", "utf-8")


def _material(
    examples: Examples,
    held_flag: NDArray[np.bool_] | None,
    config: TrainConfig,
    folder: Path,
    warnings: list[str],
    ranks: Ranks,
    listeners: Listeners,
) -> Material:
    """Decode the pictures, part them, and find out what is to be learned of each."""
    preprocessing = preprocessing_for(config)
    step = listeners.on_step if ranks.first else Listeners().on_step
    squares = for_training(preprocessing)
    given = (examples.ids, examples.locations, squares, folder / PIXELS, cores())
    if ranks.first:
        decode_all(*given, step)
    ranks.wait()
    pixels, rejected = decode_all(*given, step)
    if rejected:
        named = [f"{examples.ids[row]} ({why})" for row, why in rejected.items()]
        warnings.append(f"{len(rejected):,} images cannot be decoded: {some_of(named)}.")
    usable = np.setdiff1d(np.arange(len(examples.ids)), np.array([*rejected], np.int64))
    split = parted(examples, config, usable, held_flag, warnings)
    colours = colour_targets(pixels, config.colour) if config.colour else None
    codes = {column: one.codes for column, one in examples.labels.items()}
    planes = normaliser(preprocessing, ranks.device)
    return Material(examples, pixels, Targets(codes, colours), split, planes)


def _parameters(config: TrainConfig, examples: Examples, material: Material) -> dict[str, Any]:
    """All that decides the result, flat."""
    plain = {
        name: value if isinstance(value, str | int | float | bool | None) else json.dumps(value)
        for name, value in config.as_dict().items()
    }
    contents = json.dumps([*zip(examples.ids, examples.contents.tolist(), strict=True)])
    return plain | {
        "images": len(material.split.gallery),
        "held_out_images": len(material.split.queries),
        DATA_DIGEST: hashlib.sha256(contents.encode()).hexdigest(),
    }


def _finish(
    loop: Loop,
    config: TrainConfig,
    folder: Path,
    material: Material,
    warnings: list[str],
    began: float,
) -> Trained:
    """Export the best weights and write down what came of it."""
    standing, before = loop.standing, loop.standing.before
    if before is None:
        raise TrainingError("The network was not judged before it learned.")
    loop.load_best()
    after = loop.judge()
    if standing.best_epoch == 0:
        warnings.append("No epoch beat the network as it was at first: that is what was exported.")
    preprocessing = preprocessing_for(config)
    photos = centred(material.pixels[material.split.queries[:8]], config.size)
    network = loop.judged_network
    layers = export_network(network, preprocessing, folder / MODEL, photos)
    names = {task: list(material.examples.labels[task].names) for task in config.tasks}
    facts = {"backbone": config.backbone, "best_epoch": standing.best_epoch}
    write_recipe(folder / RECIPE, preprocessing, layers, names, facts)
    (folder / CURVES).write_bytes(
        curves_picture(standing.history, config.metric, standing.best_epoch)
    )
    trained = Trained(
        folder=folder,
        spec=f"onnx:{folder / MODEL}#embedding",
        metric=config.metric,
        epochs=standing.epoch,
        best_epoch=standing.best_epoch,
        before=before.by_column,
        after=after.by_column,
        changes=_changes(before, after),
        accuracy=after.accuracy,
        layers=layers,
        images=len(material.split.gallery),
        held_out=len(material.split.queries),
        images_a_second=images_a_second(standing.history),
        seconds=time.perf_counter() - began,
        warnings=warnings,
    )
    (folder / REPORT).write_text(json.dumps(trained.as_dict(), indent=2) + "\n", "utf-8")
    for name in (PIXELS, Path(PIXELS).with_suffix(".json").name):
        (folder / name).unlink(missing_ok=True)
    return trained


def _changes(before: Judged, after: Judged) -> dict[str, Difference]:
    return {
        name: paired(before.values[name], values, after.groups[name])
        for name, values in after.values.items()
    }
