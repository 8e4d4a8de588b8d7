"""Preprocessing out of transformers' `preprocessor_config.json`: what its image processors mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lookalike.errors import ModelError
from lookalike.images.preprocess import Interpolation, Preprocessing

_FILTERS: dict[int, Interpolation] = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic"}
_BICUBIC = ("CLIP", "Bit", "ConvNext", "Siglip", "DeiT", "Levit", "ChineseCLIP", "Beit")
_CROPPED = ("CLIP", "Bit", "Levit", "MobileNetV1", "MobileNetV2", "MobileViT", "ChineseCLIP")
_BY_SHORTER_SIDE = (*_CROPPED, "ConvNext")
_IMAGENET_STANDARD = (0.5, 0.5, 0.5)
_WARPED_FROM = 384
"""From this size on, ConvNeXt's pictures are squashed, not cropped."""


def from_processor(config: Mapping[str, Any]) -> Preprocessing:
    """What the image processor of such a configuration does, as data.

    Where the configuration is silent, its kind decides. Rounding is that of the processors that
    resize with Pillow; those that resize tensors differ by a grey level here and there.

    Raises `ModelError` for what has no counterpart here, `KeyError`, `TypeError` or `ValueError`
    for a configuration that is none.
    """
    name = config.get("image_processor_type") or config.get("feature_extractor_type") or ""
    kind = name
    for ending in ("Fast", "Pil", "ImageProcessor", "FeatureExtractor"):
        kind = kind.removesuffix(ending)
    size = config["size"]
    by_shorter = "shortest_edge" in size if isinstance(size, dict) else kind in _BY_SHORTER_SIDE
    side = _side(size)
    cropped = config.get("do_center_crop", kind in _CROPPED or "crop_size" in config)
    crop = _side(config.get("crop_size", 224)) if cropped else side
    if kind == "ConvNext":
        by_shorter = cropped = side < _WARPED_FROM
        crop, side = side, int(side / (config.get("crop_pct") or 224 / 256)) if cropped else side
    if by_shorter and not cropped:
        raise ModelError(f"{name} keeps the shape of pictures; the model must take squares here.")
    if not by_shorter and crop != side:
        raise ModelError(f"{name} squashes to {side} and crops to {crop}, which is not known here.")
    if not config.get("do_resize", True) or config.get("rescale_offset"):
        raise ModelError(f"{name} without a resize, or with an offset, is not known here.")
    unit = float(config.get("rescale_factor", 1 / 255)) if config.get("do_rescale", True) else 1.0
    normalised = config.get("do_normalize", True)
    mean = config.get("image_mean", _IMAGENET_STANDARD) if normalised else (0, 0, 0)
    scale = config.get("image_std", _IMAGENET_STANDARD) if normalised else (1, 1, 1)
    method = config.get("resample", 3 if kind in _BICUBIC else 2)
    return Preprocessing(
        shorter_side=side,
        crop=crop,
        interpolation=_FILTERS[method],
        mean=_divided(mean, unit),
        scale=_divided(scale, unit),
        fit="crop" if by_shorter else "squash",
        rounding="down",
    )


def _divided(values: Any, unit: float) -> tuple[float, float, float]:
    red, green, blue = (float(value) / unit for value in values)
    return red, green, blue


def _side(size: Any) -> int:
    """The side of a square given as 224, {"shortest_edge": 224} or {"height", "width"}."""
    sides = {size} if isinstance(size, int) else {int(value) for value in size.values()}
    if len(sides) != 1:
        raise ValueError(f"{size} is no square")
    return sides.pop()
