"""Preprocessing of a model file, as the file itself or one beside it states it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lookalike.errors import ModelError
from lookalike.images.preprocess import FILTERS, Preprocessing

METADATA_KEY = "lookalike.preprocessing"
_RESAMPLE = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic"}


def stated_preprocessing(path: Path, metadata: str | None = None) -> Preprocessing | None:
    """What is stated for a model file; None when nothing is.

    Asked in this order: `NAME.preprocessing.json` beside it, `metadata` from within the file
    (both are JSON as `Preprocessing.as_recipe` gives it), `preprocessor_config.json` beside it.
    Raises `ModelError` for one that cannot be used.
    """
    own = path.with_suffix(".preprocessing.json")
    if own.is_file():
        return _from_recipe(own.read_text("utf-8"), own)
    if metadata is not None:
        return _from_recipe(metadata, f"{METADATA_KEY} in {path}")
    hub = path.with_name("preprocessor_config.json")
    return _from_hub(hub.read_text("utf-8"), hub) if hub.is_file() else None


def _from_recipe(text: str, place: object) -> Preprocessing:
    try:
        stated = Preprocessing.from_recipe(json.loads(text))
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{place} is no preprocessing: {error!r}") from error
    choices = (
        ("interpolation", stated.interpolation, tuple(FILTERS)),
        ("fit", stated.fit, ("crop", "squash", "pad")),
        ("channels", stated.channels, ("rgb", "bgr")),
    )
    for key, value, known in choices:
        if value not in known:
            raise ModelError(f"{place}: {key} is {value!r}, not one of {', '.join(known)}.")
    if stated.crop < 1 or stated.shorter_side < 1 or 0 in stated.scale:
        raise ModelError(f"{place}: sides must be at least 1, and no scale 0.")
    return stated


def _from_hub(text: str, place: object) -> Preprocessing:
    """What transformers' image processors mean by their `preprocessor_config.json`."""
    try:
        config = json.loads(text)
        cropped = bool(config.get("do_center_crop", "crop_size" in config))
        side = _side(config["size"])
        keeps_shape = isinstance(config["size"], int) or "shortest_edge" in config["size"]
        unit = float(config.get("rescale_factor", 1 / 255)) if config.get("do_rescale", True) else 1
        normalised = bool(config.get("do_normalize", True))
        mean = config["image_mean"] if normalised else (0, 0, 0)
        scale = config["image_std"] if normalised else (1, 1, 1)
        recipe = {
            "shorter_side": side,
            "crop": _side(config["crop_size"]) if cropped else side,
            "interpolation": _RESAMPLE[config.get("resample", 2)],
            "mean": [value / unit for value in mean],
            "scale": [value / unit for value in scale],
            "fit": "crop" if cropped and keeps_shape else "squash",
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{place} cannot be used: {error!r}") from error
    return _from_recipe(json.dumps(recipe), place)


def _side(size: Any) -> int:
    """The side of a square given as 224, {"shortest_edge": 224} or {"height", "width"}."""
    sides = {size} if isinstance(size, int) else {int(value) for value in size.values()}
    if len(sides) != 1:
        raise ValueError(f"{size} is no square")
    return sides.pop()
