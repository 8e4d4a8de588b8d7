"""`lookalike train`: a network is trained on a library's images and becomes a model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookalike.cli.options import JsonOption, LibraryOption, WhereOption
from lookalike.cli.output import count, print_json, print_line, print_table, say
from lookalike.cli.progress import steps_bar
from lookalike.errors import UsageError

if TYPE_CHECKING:
    from lookalike.learn.train.run import Trained

Texts = list[str] | None


def train(
    config: Annotated[
        Path | None, typer.Argument(help="Settings of the training, YAML; flags win over it.")
    ] = None,
    library: LibraryOption = None,
    name: Annotated[
        str | None, typer.Option(help="The run's name. Default: the file's, or `trained`.")
    ] = None,
    runs: Annotated[Path, typer.Option(help="The folder that runs are kept in.")] = Path("runs"),
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin again what was finished or interrupted.")
    ] = False,
    task: Annotated[
        Texts, typer.Option(help="A column to tell apart; several: a head for each.")
    ] = None,
    alike: Annotated[
        str | None, typer.Option(help="A column whose equal values are drawn together.")
    ] = None,
    colour: Annotated[
        str | None, typer.Option(help="Learn the colour too: dominant or histogram.")
    ] = None,
    loss: Annotated[
        str | None, typer.Option(help="Loss for --alike: triplet, supcon, arcface, proxy-anchor...")
    ] = None,
    miner: Annotated[
        str | None, typer.Option(help="Which triplets: semihard, hard, multi-similarity, none.")
    ] = None,
    per_class: Annotated[
        int | None, typer.Option(help="Images of one value of --alike in a batch. Default: 4.")
    ] = None,
    backbone: Annotated[
        str | None, typer.Option(help="An architecture of timm. Default: resnet18.")
    ] = None,
    weights: Annotated[
        str | None, typer.Option(help="A .safetensors file, or `timm`. Default: random.")
    ] = None,
    embedding: Annotated[
        int | None, typer.Option(help="Values of the vector. Default: the backbone's own.")
    ] = None,
    size: Annotated[int | None, typer.Option(help="Side of a picture. Default: 160.")] = None,
    fit: Annotated[
        str | None, typer.Option(help="How it becomes a square: crop, squash or pad.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="At most so many. Default: 30.")] = None,
    batch: Annotated[int | None, typer.Option(help="Images a step. Default: 64.")] = None,
    accumulate: Annotated[
        int | None, typer.Option(help="Parts in which a batch goes through. Default: 1.")
    ] = None,
    rate: Annotated[float | None, typer.Option(help="Learning rate. Default: 0.001.")] = None,
    layer_decay: Annotated[
        float | None, typer.Option(help="Factor on the rate, layer by layer down. Default: 1.")
    ] = None,
    warmup: Annotated[
        float | None, typer.Option(help="Share of the steps in which the rate rises. Default: 0.1.")
    ] = None,
    frozen: Annotated[
        int | None, typer.Option(help="Epochs in which only the heads learn. Default: 0.")
    ] = None,
    ema: Annotated[
        float | None, typer.Option(help="Decay of the averaged weights; 0: none. Default: 0.99.")
    ] = None,
    smoothing: Annotated[float | None, typer.Option(help="Label smoothing. Default: 0.")] = None,
    class_weights: Annotated[
        bool | None, typer.Option("--class-weights", help="Rare classes weigh more.")
    ] = None,
    weighting: Annotated[
        str | None, typer.Option(help="Of the losses: fixed, or uncertainty, which is learned.")
    ] = None,
    loss_weight: Annotated[
        Texts, typer.Option(help="Weight of a loss, as kind=0.5. Default: 1 each.")
    ] = None,
    keep: Annotated[
        Texts, typer.Option(help="What augmentation leaves alone: colour, left-right, scale.")
    ] = None,
    held_out: Annotated[
        str | None, typer.Option(help="Share that judges, or COLUMN=VALUE. Default: 0.2.")
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="Column of what belongs together, such as a sender.")
    ] = None,
    where: WhereOption = None,
    metric: Annotated[
        str | None, typer.Option(help="Retrieval metric that it is stopped by. Default: map@r.")
    ] = None,
    patience: Annotated[
        int | None, typer.Option(help="Epochs without a better metric. Default: 10.")
    ] = None,
    precision: Annotated[str | None, typer.Option(help="auto, fp32 or bf16.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed draws the same.")] = None,
    track: Annotated[str | None, typer.Option(help="Keep a record elsewhere: mlflow.")] = None,
    json: JsonOption = False,
) -> None:
    """Train a network on labels, on what is alike, or both, and export it to search by.

    Interrupted, the same command goes on after the last epoch. Several GPUs or processes:
    torchrun --nproc-per-node 2 -m lookalike train ...
    """
    import lookalike

    flags = {
        key: value
        for key, value in {
            "tasks": task,
            "alike": alike,
            "colour": colour,
            "loss": loss,
            "miner": miner,
            "per_class": per_class,
            "backbone": backbone,
            "weights": weights,
            "embedding": embedding,
            "size": size,
            "fit": fit,
            "epochs": epochs,
            "batch": batch,
            "accumulate": accumulate,
            "rate": rate,
            "layer_decay": layer_decay,
            "warmup": warmup,
            "frozen": frozen,
            "ema": ema,
            "smoothing": smoothing,
            "class_weights": class_weights,
            "weighting": weighting,
            "loss_weights": _weights(loss_weight),
            "keep": keep,
            "held_out": held_out,
            "group": group,
            "where": where,
            "metric": metric,
            "patience": patience,
            "precision": precision,
            "device": device,
            "seed": seed,
            "track": track,
        }.items()
        if value is not None and value != []
    }
    settings = _settings(config) | flags
    folder = runs / (name or (config.stem if config else "trained"))
    with lookalike.open(library, create=False) as opened, steps_bar() as advance:
        trained = opened.train(folder, settings, fresh=fresh, on_step=advance, on_epoch=_say_epoch)
    if trained is None:
        return
    for warning in trained.warnings:
        say(f"Note: {warning}")
    if json:
        print_json(trained.as_dict())
    else:
        _print(trained)


def _settings(config: Path | None) -> dict[str, Any]:
    if config is None:
        return {}
    from lookalike.learn.train.config import read_config

    return read_config(config)


def _weights(written: list[str] | None) -> dict[str, float] | None:
    found = {}
    for each in written or []:
        name, _, number = each.rpartition("=")
        try:
            found[name] = float(number)
        except ValueError:
            raise UsageError(f"A weight is written as kind=0.5, not {each!r}.") from None
    return found or None


def _say_epoch(row: Mapping[str, Any]) -> None:
    figures = [
        f"{name} {value:.4g}"
        for name, value in row.items()
        if isinstance(value, float) and name not in {"rate", "seconds"}
    ]
    say(f"epoch {row['epoch']}: {', '.join(figures)} ({row['seconds']:.1f} s)")


def _print(trained: Trained) -> None:
    say(
        f"Learned from {count(trained.images, 'image')} in {trained.seconds:.0f} s; figures are of "
        f"{trained.held_out:,} held out, epoch {trained.best_epoch} of {trained.epochs}."
    )
    rows = [
        (
            column,
            f"{trained.before[column]:.3f}",
            f"{after:.3f}",
            f"{trained.changes[column].p:.2g}",
            f"{trained.accuracy[column]:.3f}" if column in trained.accuracy else "",
        )
        for column, after in trained.after.items()
    ]
    print_table(("column", f"{trained.metric} untrained", "trained", "p", "accuracy"), rows)
    for layer in trained.layers:
        print_line(
            f"layer {layer.name}: {count(layer.width, 'value')}, "
            f"largest difference to torch {layer.difference:.2g}"
        )
    print_line(f"Written: {trained.folder}")
    say(f"Use it: lookalike space add trained {trained.spec}")
