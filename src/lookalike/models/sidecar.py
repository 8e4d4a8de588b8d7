"""Preprocessing of a model file, as the file itself or one beside it states it."""

from __future__ import annotations

import json
from pathlib import Path

from lookalike.errors import ModelError
from lookalike.images.preprocess import FILTERS, Preprocessing
from lookalike.models.hub_preprocessing import from_processor

METADATA_KEY = "lookalike.preprocessing"


def stated_preprocessing(path: Path, metadata: str | None = None) -> Preprocessing | None:
    """What is stated for a model file; None when nothing is.

    Asked in this order: `NAME.preprocessing.json` beside it, `metadata` from within the file
    (both are JSON as `Preprocessing.as_recipe` gives it), `preprocessor_config.json` beside it,
    or above a folder `onnx` as on the hub. Raises `ModelError` for one that cannot be used.
    """
    own = path.with_suffix(".preprocessing.json")
    if own.is_file():
        return _from_recipe(own.read_text("utf-8"), own)
    if metadata is not None:
        return _from_recipe(metadata, f"{METADATA_KEY} in {path}")
    for folder in (path.parent, path.parent.parent):
        hub = folder / "preprocessor_config.json"
        if hub.is_file():
            return _from_hub(hub.read_text("utf-8"), hub)
        if path.parent.name != "onnx":
            break
    return None


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
        stated = from_processor(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{place} cannot be used: {error!r}") from error
    return _from_recipe(json.dumps(stated.as_recipe()), place)
