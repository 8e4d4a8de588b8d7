"""What networks of `keras.applications` expect of pixels, told by the names they go by."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from lookalike.images.preprocess import Preprocessing

_CAFFE = re.compile(r"vgg(16|19)|resnet(50|101|152)")
_TORCH = re.compile(r"densenet(121|169|201)")
CAFFE_MEAN = (103.939, 116.779, 123.68)
"""Blue, green, red: the weights were trained with Caffe, on what OpenCV reads."""
IMAGENET_MEAN = (0.485 * 255, 0.456 * 255, 0.406 * 255)
IMAGENET_SCALE = (0.229 * 255, 0.224 * 255, 0.225 * 255)


def as_its_family(model: Any, assumed: Preprocessing) -> tuple[Preprocessing, str]:
    """`assumed` with the mean, scale and channel order of the family, and the family's name.

    The network, or one inside it, is recognised by its name as Keras gives it. The name is "" for
    none whose way differs from x / 127.5 - 1 or from what its own layers do.
    """
    for name in _names(model):
        if _CAFFE.fullmatch(name):
            caffe = replace(assumed, mean=CAFFE_MEAN, scale=(1.0, 1.0, 1.0), channels="bgr")
            return caffe, name
        if _TORCH.fullmatch(name):
            return replace(assumed, mean=IMAGENET_MEAN, scale=IMAGENET_SCALE), name
    return assumed, ""


def _names(model: Any) -> list[str]:
    """The name of a network and of the networks inside it."""
    inside = [name for layer in model.layers if hasattr(layer, "layers") for name in _names(layer)]
    return [str(model.name), *inside]
